//! Columns of Parquet files that are compressed by zstd, the default of polars.
//!
//! The crate `parquet` decompresses zstd with the C library only. Here it is told that the pages are not
//! compressed, hands them out as they are, and `ruzstd`, in Rust, decompresses them.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::bloom_filter::Sbbf;
use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use ::parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use ::parquet::file::serialized_reader::SerializedPageReader;
use ::parquet::record::reader::RowIter;
use ::parquet::schema::types::Type;

/// Most bytes of a page: a small file can unpack to any size.
const PAGE_LIMIT: u64 = 1 << 28;

/// A file whose pages are decompressed by this crate where they are compressed by zstd.
pub(super) struct Reader {
    file: Arc<File>,
    inner: SerializedFileReader<File>,
}

impl Reader {
    pub(super) fn new(file: File) -> Result<Self> {
        let copy = file.try_clone()?;
        Ok(Self {
            file: Arc::new(copy),
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
    file: Arc<File>,
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
        let column = self.metadata().column(i);
        if !matches!(column.compression(), Compression::ZSTD(_)) {
            return self.inner.get_column_page_reader(i);
        }
        let column = column.clone().into_builder();
        let column = column.set_compression(Compression::UNCOMPRESSED).build()?;
        let n_rows = usize::try_from(self.metadata().num_rows()).unwrap_or(0);
        let pages = SerializedPageReader::new(self.file.clone(), &column, n_rows, None)?;
        Ok(Box::new(Pages(pages)))
    }

    fn get_column_bloom_filter(&self, i: usize) -> Option<&Sbbf> {
        self.inner.get_column_bloom_filter(i)
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

/// The pages of a column.
struct Pages(SerializedPageReader<File>);

impl PageReader for Pages {
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

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>> {
    let failed = |reason: String| ParquetError::General(format!("a page by zstd: {reason}"));
    let mut rest = packed;
    let mut bytes = Vec::new();
    // One frame after the other; pages have one.
    while !rest.is_empty() {
        let frame = ruzstd::decoding::StreamingDecoder::new(&mut rest);
        let frame = frame.map_err(|error| failed(error.to_string()))?;
        let left = PAGE_LIMIT + 1 - bytes.len() as u64;
        (frame.take(left).read_to_end(&mut bytes)).map_err(|error| failed(error.to_string()))?;
        if bytes.len() as u64 > PAGE_LIMIT {
            return Err(failed(format!("more than {PAGE_LIMIT} bytes")));
        }
    }
    Ok(bytes)
}
