//! The pages of Parquet files, with bounds, and decompressed if they are compressed by zstd, the default of polars.
//!
//! The crate `parquet` decompresses zstd only with the C library. Here it gets the metadata of uncompressed pages,
//! returns the compressed bytes, and `ruzstd`, written in Rust, decompresses them.
//!
//! `parquet` also allocates the number of bytes in the header of a page, up to 2 GiB for each, however short the page
//! is, and the declared number of values of a dictionary. The headers are therefore checked here first.

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

use super::page_header;
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
        Ok(Box::new(Pages { pages, by_zstd }))
    }

    fn get_column_bloom_filter(&self, i: usize) -> Option<&Sbbf> {
        self.inner.get_column_bloom_filter(i)
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

/// A file whose page headers are checked before their sizes are used.
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
        // Behind a header that was looked at before, other bytes are read.
        if page_header::begins(reader.fill_buf()?) {
            let left = self.len().saturating_sub(start);
            let head = |most: u64| self.get_bytes(start, left.min(most) as usize);
            let damaged = || ParquetError::General("the header of a page is damaged".to_owned());
            let (whole, packed) = match page_header::sizes(&head(USUAL_HEAD)?) {
                Some(sizes) => sizes,
                None => page_header::sizes(&head(LONGEST_HEAD)?).ok_or_else(damaged)?,
            };
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

/// Bytes of the header of a page with short statistics, and with the longest ones.
const USUAL_HEAD: u64 = 1 << 10;
const LONGEST_HEAD: u64 = 1 << 20;

/// The pages of a column.
struct Pages {
    pages: SerializedPageReader<BoundedPages>,
    by_zstd: bool,
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(mut page) = self.pages.get_next_page()? else {
            return Ok(None);
        };
        if self.by_zstd {
            decompress(&mut page)?;
        }
        if let Page::DictionaryPage {
            buf, num_values, ..
        } = &page
            && *num_values as usize > buf.len()
        {
            // Memory for all of them is taken before the first is read.
            let reason = format!("{num_values} values cannot be in {} bytes", buf.len());
            return Err(ParquetError::General(reason));
        }
        Ok(Some(page))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// Decompresses a page by zstd.
fn decompress(page: &mut Page) -> Result<()> {
    match page {
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
    Ok(())
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
    fn pages_may_unpack_to_what_deflate_can_make() {
        assert_eq!(page_limit(100), 1 << 22);
        assert_eq!(page_limit(1 << 20), 1040 << 20);
    }
}
