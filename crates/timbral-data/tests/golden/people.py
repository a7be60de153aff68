"""Writes small tables as pandas, polars and NumPy write them, to the folder people.

pip install numpy==2.5.5 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1
python people.py
"""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

HERE = Path(__file__).parent / "people"

FRAME = {
    "filename": ["a.wav", "b.wav", "c.wav"],
    "tempo": [98.5, None, 120.0],
    "flag": [True, False, True],
    "label": ["jazz", "jazz", "rock"],
}


def main():
    HERE.mkdir(exist_ok=True)
    frame = pd.DataFrame(FRAME)
    for codec in ["gzip", "lz4", "zstd", "brotli", "none"]:
        compression = None if codec == "none" else codec
        frame.to_parquet(HERE / f"{codec}.parquet", compression=compression)
    # The index of a frame whose rows were chosen is no range; a named one has its own column.
    frame.iloc[[0, 2, 1]].to_parquet(HERE / "filtered.parquet")
    frame.set_index("filename").to_parquet(HERE / "indexed.parquet")
    frame.set_index(pd.Index([7, 5, 6], name="number")).to_parquet(HERE / "numbered.parquet")
    polars = pl.DataFrame(FRAME)
    polars.write_parquet(HERE / "polars.parquet")
    polars.with_columns(pl.col("label").cast(pl.Categorical)).write_parquet(
        HERE / "polars_lz4.parquet", compression="lz4"
    )
    # Pages of version 2, several per column, in several row groups; labels that are whole floats.
    many = pd.DataFrame({"x": np.arange(3000) % 97 / 7, "label": np.arange(3000) % 11 * 1.0})
    many.to_parquet(
        HERE / "pages.parquet",
        compression="zstd",
        data_page_version="2.0",
        data_page_size=1024,
        row_group_size=1300,
    )
    frame.to_csv(HERE / "pandas.csv.gz")
    frame.to_csv(HERE / "pandas.csv", sep=";", decimal=",")
    polars.write_csv(HERE / "polars.tsv", separator="\t")
    np.savez(
        HERE / "numbers.npz",
        features=np.array([[1, 2], [3, 4]], dtype=np.int16),
        labels=np.array([2.0, 10.0]),
    )
    np.savez(
        HERE / "types.npz",
        features=np.array([[1.5], [np.nan]], dtype=">f2"),
        feature_names=np.array(["x"], dtype="S4"),
        ids=np.array(["a", "é"], dtype=">U3"),
        labels=np.array([[True], [False]]),
        lengths=np.array([5.0, 6.0]),
    )
    np.savez(
        HERE / "objects.npz",
        features=np.ones((2, 1)),
        labels=np.array(["a", "b"], dtype=object),
    )


if __name__ == "__main__":
    main()
