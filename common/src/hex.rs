//! Bytes as hexadecimal digits.

/// `bytes` in lower-case digits. The library's own `encode` collects them one by one, at ten times the instructions; each exchange
/// writes its digest twice.
pub fn lower(bytes: &[u8]) -> String {
    let mut digits = vec![0; bytes.len() * 2];
    hex::encode_to_slice(bytes, &mut digits).expect("there are two digits for each byte");
    String::from_utf8(digits).expect("digits are ASCII")
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_byte_has_two_digits() {
        assert_eq!(super::lower(&[0x00, 0x0a, 0xff]), "000aff");
        assert_eq!(super::lower(&[]), "");
    }
}
