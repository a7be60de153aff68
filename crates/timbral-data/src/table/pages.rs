//! The pages of Parquet files, with bounds, and decompressed if they are compressed by zstd, the default of polars.
//!
//! The crate `parquet` decompresses zstd with the C library only. Here it is told that the pages are not
//! compressed, hands them out as they are, and `ruzstd`, in Rust, decompresses them.
//!
//! It also allocates as many bytes as the header of a page says, up to 2 GiB for each, however short the page is. The
//! headers are therefore read here first.

use std::io::{BufRead, Read};
use std::sync::Arc;

use ::bytes::Bytes;
use ::parquet::basic::Compression;
use ::parquet::bloom_filter::Sbbf;
use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use ::parquet::file::reader::{
    ChunkReader, FileReader, Length, RowGroupReader, SerializedFileReader,
};
use ::parquet::file::serialized_reader::SerializedPageReader;
use ::parquet::record::reader::RowIter;
use ::parquet::schema::types::Type;

use super::parquet_input::{Input, InputReader};

/// Most bytes of a page of `packed` bytes: what deflate can make of them, snappy and LZ4 make less, and for zstd, which
/// has no bound, a few of the usual pages of 1 MiB.
fn page_limit(packed: u64) -> u64 {
    packed.saturating_mul(1040).max(1 << 22)
}

/// A file whose pages are bounded, and decompressed by this crate where they are compressed by zstd.
pub(super) struct Reader {
    file: Arc<BoundedPages>,
    inner: SerializedFileReader<Input>,
}

impl Reader {
    pub(super) fn new(file: Input) -> Result<Self> {
        let copy = file.try_clone()?;
        Ok(Self {
            file: Arc::new(BoundedPages(copy)),
            inner: SerializedFileReader::new(file)?,
        })
    }
}

impl FileReader for Reader {
    fn metadata(&self) -> &ParquetMetaData {
        self.inner.metadata()
    }

    fn num_row_groups(&self) -> usize {
        self.inner.num_row_groups()
    }

    fn get_row_group(&self, i: usize) -> Result<Box<dyn RowGroupReader + '_>> {
        Ok(Box::new(Group {
            file: self.file.clone(),
            inner: self.inner.get_row_group(i)?,
        }))
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        RowIter::from_file(projection, self)
    }
}

struct Group<'a> {
    file: Arc<BoundedPages>,
    inner: Box<dyn RowGroupReader + 'a>,
}

impl RowGroupReader for Group<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.inner.metadata()
    }

    fn num_columns(&self) -> usize {
        self.inner.num_columns()
    }

    fn get_column_page_reader(&self, i: usize) -> Result<Box<dyn PageReader>> {
        let mut column = self.metadata().column(i).clone();
        let by_zstd = matches!(column.compression(), Compression::ZSTD(_));
        if by_zstd {
            let builder = column.into_builder();
            column = builder.set_compression(Compression::UNCOMPRESSED).build()?;
        }
        let n_rows = usize::try_from(self.metadata().num_rows()).unwrap_or(0);
        let pages = SerializedPageReader::new(self.file.clone(), &column, n_rows, None)?;
        Ok(if by_zstd {
            Box::new(ZstdPages(pages))
        } else {
            Box::new(pages)
        })
    }

    fn get_column_bloom_filter(&self, i: usize) -> Option<&Sbbf> {
        self.inner.get_column_bloom_filter(i)
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

/// A file, with a look at what the header of a page says before it is believed.
struct BoundedPages(Input);

impl Length for BoundedPages {
    fn len(&self) -> u64 {
        Length::len(&self.0)
    }
}

impl ChunkReader for BoundedPages {
    type T = InputReader;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut reader = self.0.get_read(start)?;
        let head = reader.fill_buf()?;
        // Behind a header that was looked at before, other bytes are read.
        if head.first() == Some(&FIELD) {
            let damaged = || ParquetError::General("the header of a page is damaged".to_owned());
            let (whole, packed) = page_sizes(head).ok_or_else(damaged)?;
            if whole > page_limit(packed) {
                let reason = format!("a page of {packed} bytes cannot unpack to {whole}");
                return Err(ParquetError::General(reason));
            }
        }
        Ok(reader)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if start.saturating_add(length as u64) > self.len() {
            return Err(ParquetError::EOF(
                "a page is longer than the file".to_owned(),
            ));
        }
        self.0.get_bytes(start, length)
    }
}

/// One after the last field, a 32-bit integer, in the compact protocol of Thrift.
const FIELD: u8 = 0x15;

/// The sizes in the header of a page, unpacked and packed: the second and third field. `None` if they are negative, longer
/// than 32 bits, or not there.
fn page_sizes(head: &[u8]) -> Option<(u64, u64)> {
    let mut bytes = head.iter().copied();
    let mut field = || {
        let mut zigzag = 0u64;
        (bytes.next()? == FIELD).then_some(())?;
        for i in 0..5 {
            let byte = bytes.next()?;
            zigzag |= u64::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                let is_valid = zigzag & 1 == 0 && zigzag <= u64::from(u32::MAX);
                return is_valid.then_some(zigzag >> 1);
            }
        }
        None
    };
    field()?;
    Some((field()?, field()?))
}

/// The pages of a column that are compressed by zstd.
struct ZstdPages(SerializedPageReader<BoundedPages>);

impl PageReader for ZstdPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(mut page) = self.0.get_next_page()? else {
            return Ok(None);
        };
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = unpack(buf)?.into();
            }
            Page::DataPageV2 {
                buf,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                ..
            } if *is_compressed => {
                // The levels, which come first, are never compressed.
                let levels = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                let damaged = || ParquetError::General("a page is too short".to_owned());
                let (levels, values) = buf.split_at_checked(levels).ok_or_else(damaged)?;
                let mut whole = levels.to_vec();
                // A page without values has none to decompress.
                if !values.is_empty() {
                    whole.extend(unpack(values)?);
                }
                *buf = whole.into();
            }
            Page::DataPageV2 { .. } => {}
        }
        Ok(Some(page))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0.skip_next_page()
    }
}

impl Iterator for ZstdPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>> {
    let failed = |reason: String| ParquetError::General(format!("a page by zstd: {reason}"));
    let (mut rest, limit) = (packed, page_limit(packed.len() as u64));
    let mut bytes = Vec::new();
    // One frame after the other; pages have one.
    while !rest.is_empty() {
        let frame = ruzstd::decoding::StreamingDecoder::new(&mut rest);
        let frame = frame.map_err(|error| failed(error.to_string()))?;
        let left = limit + 1 - bytes.len() as u64;
        (frame.take(left).read_to_end(&mut bytes)).map_err(|error| failed(error.to_string()))?;
        if bytes.len() as u64 > limit {
            return Err(failed(format!("more than {limit} bytes")));
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_from_the_head_of_a_page() {
        // A data page (0) of 300 bytes, packed 100.
        assert_eq!(
            page_sizes(&[0x15, 0, 0x15, 0xd8, 0x04, 0x15, 0xc8, 0x01, 0x2c]),
            Some((300, 100))
        );
        // The largest: 2^31 - 1.
        let head = [0x15, 4, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 2];
        assert_eq!(page_sizes(&head), Some((i32::MAX as u64, 1)));
        // Negative, another type, cut.
        for head in [
            &[0x15, 0, 0x15, 1, 0x15, 2][..],
            &[0x15, 0, 0x16, 2, 0x15, 2],
            &head[..8],
        ] {
            assert_eq!(page_sizes(head), None);
        }
        assert_eq!(page_limit(100), 1 << 22);
        assert_eq!(page_limit(1 << 20), 1040 << 20);
    }
}
