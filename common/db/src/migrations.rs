//! Migrations from the files of a crate, and rows by the names of their columns.

use sqlx::{
    SqlStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// The migrations in the files of a folder of the calling crate, each by its name without `.sql`, which begins with its number.
/// A test of the scenarios holds the list against the folder.
#[macro_export]
macro_rules! migrator {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        $crate::migrator(&[$((
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $folder, "/", $name, ".sql")),
        )),+])
    };
}

/// The [`Migrations`](crate::Migrations) of a crate, each in a file of the same name in `migrations/sqlite` and
/// `migrations/postgres`.
#[macro_export]
macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        $crate::Migrations {
            sqlite: $crate::migrator!("migrations/sqlite": $($name),+),
            postgres: $crate::migrator!("migrations/postgres": $($name),+),
        }
    };
}

/// What [`migrator!`](crate::migrator!) makes of the names and contents of the files.
///
/// # Panics
/// If a name does not begin with a number and an underscore.
pub fn migrator(files: &[(&'static str, &'static str)]) -> Migrator {
    let migrations = files.iter().map(|(name, text)| {
        let (number, what) = name
            .split_once('_')
            .expect("a migration is named NUMBER_WHAT");
        let number = number
            .parse()
            .expect("the name of a migration begins with its number");
        let what = what.replace('_', " ").into();
        let text = SqlStr::from_static(text);
        Migration::new(number, what, MigrationType::Simple, text, false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// A struct that is read from a row of one kind of database, each field from the column of its name; the fields of the struct
/// behind `..` from columns of the same row.
#[macro_export]
macro_rules! row {
    ($row:ty => $(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty,)+
        $(..$part:ident: $part_type:ty,)?
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type,)+
            $($part: $part_type,)?
        }

        impl sqlx::FromRow<'_, $row> for $name {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                Ok(Self {
                    $($field: sqlx::Row::try_get(row, stringify!($field))?,)+
                    $($part: sqlx::FromRow::from_row(row)?,)?
                })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_become_the_migrations_that_sqlx_itself_makes_of_them() {
        let files = [
            ("0002_more_of_it", "SELECT 2;\n"),
            ("0001_first", "SELECT 1;\n"),
        ];
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(format!("{name}.sql")), text).unwrap();
        }
        let expected = Migrator::new(folder.path()).await.unwrap();
        let made = migrator(&files);
        assert_eq!(made.iter().count(), 2);
        for (made, expected) in made.iter().zip(expected.iter()) {
            assert_eq!(
                (
                    made.version,
                    &made.description,
                    made.migration_type,
                    made.sql.as_str()
                ),
                (
                    expected.version,
                    &expected.description,
                    expected.migration_type,
                    expected.sql.as_str()
                )
            );
            // By it a database knows that what was run on it is what would be run today.
            assert_eq!(made.checksum, expected.checksum);
            assert_eq!(made.no_tx, expected.no_tx);
        }
    }
}
