//! Has the crate compiled again when a file was added to what is built, which the compiler would not see by itself.

fn main() {
    println!("cargo::rerun-if-changed=dist");
}
