use crate::error::Result;
use crate::formats::bytes::Bytes;

/// The name and place of a box; the position is after its header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(crate) name: [u8; 4],
    /// Where the box starts.
    pub(crate) at: u64,
    /// Where its content starts.
    pub(crate) body: u64,
    /// Where it ends, at most the end of the file.
    pub(crate) end: u64,
    depth: u8,
}

impl Header {
    /// The next box of a file; `None` at the end.
    pub(crate) fn read(bytes: &mut Bytes) -> Result<Option<Self>> {
        let end = bytes.end();
        Self::read_in(bytes, end, 0)
    }

    /// The same without the first bytes of its content.
    pub(crate) fn without(self, n: u64) -> Self {
        let body = self.body.saturating_add(n).min(self.end);
        Self { body, ..self }
    }

    fn read_in(bytes: &mut Bytes, parent_end: u64, depth: u8) -> Result<Option<Self>> {
        let at = bytes.at();
        if parent_end < at.saturating_add(8) {
            return Ok(None);
        }
        let size = u64::from(u32::from_be_bytes(bytes.array()?));
        let name = bytes.array()?;
        let size = match size {
            0 => parent_end - at,
            1 => u64::from_be_bytes(bytes.array()?),
            n => n,
        };
        let body = bytes.at();
        let end = at.saturating_add(size).clamp(body, parent_end.max(body));
        Ok(Some(Self {
            name,
            at,
            body,
            end,
            depth,
        }))
    }
}

/// Calls `visit` for each box in `parent`.
pub(crate) fn each(
    bytes: &mut Bytes,
    parent: Header,
    visit: &mut dyn FnMut(&mut Bytes, Header) -> Result<()>,
) -> Result<()> {
    // Boxes in boxes of a damaged file; those of sound are eight deep.
    if parent.depth > 16 {
        return Ok(());
    }
    bytes.seek(parent.body)?;
    while let Some(header) = Header::read_in(bytes, parent.end, parent.depth + 1)? {
        visit(bytes, header)?;
        bytes.seek(header.end)?;
    }
    Ok(())
}
