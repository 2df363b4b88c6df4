//! Thrift's compact protocol, as far as the metadata of Parquet needs it.
//!
//! A structure is fields in rising order, each with the step from the one before and its type; numbers are zigzag
//! varints. <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>

/// Types of fields and elements; of a boolean field the type is the value.
const TRUE: u8 = 1;
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Writes one structure.
#[derive(Debug, Default)]
pub(super) struct Structure {
    out: Vec<u8>,
    last: u8,
}

impl Structure {
    fn field(&mut self, id: u8, kind: u8) {
        // Ids rise by less than sixteen everywhere in Parquet.
        self.out.push((id - self.last) << 4 | kind);
        self.last = id;
    }

    /// A boolean that is true.
    pub(super) fn truth(&mut self, id: u8) {
        self.field(id, TRUE);
    }

    pub(super) fn i32(&mut self, id: u8, value: i32) {
        self.field(id, I32);
        push_zigzag(&mut self.out, value.into());
    }

    pub(super) fn i64(&mut self, id: u8, value: i64) {
        self.field(id, I64);
        push_zigzag(&mut self.out, value);
    }

    pub(super) fn text(&mut self, id: u8, value: &str) {
        self.field(id, BINARY);
        push_text(&mut self.out, value);
    }

    pub(super) fn structure(&mut self, id: u8, value: Self) {
        self.field(id, STRUCT);
        self.out.extend(value.end());
    }

    pub(super) fn structures(&mut self, id: u8, values: Vec<Self>) {
        self.list(id, STRUCT, values.len());
        for value in values {
            self.out.extend(value.end());
        }
    }

    pub(super) fn i32s(&mut self, id: u8, values: &[i32]) {
        self.list(id, I32, values.len());
        for value in values {
            push_zigzag(&mut self.out, i64::from(*value));
        }
    }

    pub(super) fn texts(&mut self, id: u8, values: &[&str]) {
        self.list(id, BINARY, values.len());
        for value in values {
            push_text(&mut self.out, value);
        }
    }

    fn list(&mut self, id: u8, of: u8, length: usize) {
        self.field(id, LIST);
        match u8::try_from(length) {
            Ok(short) if short < 15 => self.out.push(short << 4 | of),
            _ => {
                self.out.push(0xf0 | of);
                push_varint(&mut self.out, length as u64);
            }
        }
    }

    /// The bytes of the structure.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.out.push(0);
        self.out
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    push_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn push_zigzag(out: &mut Vec<u8>, value: i64) {
    push_varint(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// A number in groups of seven bits, the lowest first.
pub(super) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_as_the_protocol_wants() {
        let spelled = |value: i64| {
            let mut out = Vec::new();
            push_zigzag(&mut out, value);
            out
        };
        assert_eq!((spelled(0), spelled(-1), spelled(1), spelled(-64)), (vec![0], vec![1], vec![2], vec![127]));
        assert_eq!(spelled(64), [0x80, 1]);
        assert_eq!(spelled(i64::MIN), [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
    }

    #[test]
    fn structures_are_spelled_as_the_protocol_wants() {
        let mut inner = Structure::default();
        inner.text(4, "ab");
        let mut outer = Structure::default();
        outer.i32(1, -3);
        outer.i64(3, 300);
        outer.structures(5, vec![inner]);
        outer.i32s(6, &[0; 15]);
        let mut expected = vec![0x15, 5, 0x26, 0xd8, 4, 0x29, 0x1c, 0x48, 2, b'a', b'b', 0, 0x19, 0xf5, 15];
        expected.extend([0; 15]);
        expected.push(0);
        assert_eq!(outer.end(), expected);
    }
}
