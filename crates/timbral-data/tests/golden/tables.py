"""Writes table.parquet with pyarrow and table.npz with NumPy: the same three rows.

pip install numpy==2.4.6 pyarrow==26.0.1
python tables.py
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
IDS = ["blues.00000.0.wav", "blues.00000.1.wav", "été.00001.0.wav"]
LENGTHS = [66149, 66148, 7]
LABELS = ["blues", "blues", "pop"]
F32 = np.array([0.1, -0.0, np.nan], dtype=np.float32)
F64 = [0.1, 1e-300, -2.5]


def main():
    pq.write_table(
        pa.table(
            {
                "label": pa.array(LABELS).dictionary_encode(),
                "a_mean": pa.array(F32),
                "b_mean": pa.array([F64[0], None, F64[2]]),
                "count": pa.array([1, -2, 3], pa.int16()),
                "length": pa.array(LENGTHS, pa.int64()),
                "filename": IDS,
            }
        ),
        HERE / "table.parquet",
    )
    features = np.stack([F32, [F64[0], np.nan, F64[2]], [1, -2, 3]], axis=1)
    np.savez_compressed(
        HERE / "table.npz",
        labels=np.array(LABELS),
        features=np.asfortranarray(features.astype(np.float64)),
        feature_names=np.array(["a_mean", "b_mean", "count"]),
        ids=np.array(IDS),
        lengths=np.array(LENGTHS),
        unused=np.zeros((2, 2, 2)),
    )


if __name__ == "__main__":
    main()
