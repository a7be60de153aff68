use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The device on which a network runs.
///
/// Reads from and prints as `cpu`, `candle`, `cuda:0`, `metal:0`; `cuda` and `metal` are read as `cuda:0` and
/// `metal:0`.
///
/// ```
/// use timbral_nn::Device;
/// assert_eq!("cuda:1".parse::<Device>()?, Device::Cuda(1));
/// assert_eq!(Device::Metal(0).to_string(), "metal:0");
/// assert_eq!(Device::default(), Device::Cpu);
/// # Ok::<(), timbral_nn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Device {
    /// The CPU, with this crate's own layers: the only device whose bits do not depend on the machine.
    #[default]
    Cpu,
    /// The CPU, with the crate candle, for comparison; needs the feature `candle`.
    CandleCpu,
    /// An NVIDIA GPU, counted from 0; needs the feature `cuda`.
    Cuda(usize),
    /// An Apple GPU, counted from 0; needs the feature `metal`.
    Metal(usize),
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::CandleCpu => f.write_str("candle"),
            Self::Cuda(i) => write!(f, "cuda:{i}"),
            Self::Metal(i) => write!(f, "metal:{i}"),
        }
    }
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(device: &str) -> Result<Self> {
        let (kind, number) = match device.split_once(':') {
            Some((kind, number)) => (kind, Some(number)),
            None => (device, None),
        };
        // Digits only: parse would accept a sign.
        let index = match number {
            None => Some(0),
            Some(number) if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().ok(),
            Some(_) => None,
        };
        match (kind, index) {
            ("cpu", _) if number.is_none() => Ok(Self::Cpu),
            ("candle", _) if number.is_none() => Ok(Self::CandleCpu),
            ("cuda", Some(index)) => Ok(Self::Cuda(index)),
            ("metal", Some(index)) => Ok(Self::Metal(index)),
            _ => Err(Error::Device {
                device: device.to_owned(),
                reason: "not one of cpu, candle, cuda, cuda:1, metal, metal:1 and so on".into(),
            }),
        }
    }
}

impl Device {
    /// # Errors
    ///
    /// [`Error::Device`] if this build does not support it or the machine does not have it.
    pub(crate) fn open(self) -> Result<Opened> {
        match self {
            Self::Cpu => Ok(Opened::Own),
            #[cfg(feature = "candle")]
            _ => self.open_in_candle(),
            #[cfg(not(feature = "candle"))]
            _ => Err(self.missing()),
        }
    }

    #[cfg(feature = "candle")]
    fn open_in_candle(self) -> Result<Opened> {
        use candle_core::utils::{cuda_is_available, metal_is_available};
        let device = match self {
            Self::Cuda(i) if cuda_is_available() => candle_core::Device::new_cuda(i),
            Self::Metal(i) if metal_is_available() => candle_core::Device::new_metal(i),
            Self::Cuda(_) | Self::Metal(_) => return Err(self.missing()),
            Self::Cpu | Self::CandleCpu => Ok(candle_core::Device::Cpu),
        };
        let device = device.map_err(|error| self.failed(&error))?;
        Ok(Opened::Candle { name: self, device })
    }

    /// The error of candle on this device, as one of this crate.
    #[cfg(feature = "candle")]
    pub(crate) fn failed(self, mut error: &candle_core::Error) -> Error {
        // It would print its backtrace.
        while let candle_core::Error::WithBacktrace { inner, .. } = error {
            error = inner;
        }
        Error::Device {
            device: self.to_string(),
            reason: error.to_string(),
        }
    }

    /// The error of a build that does not support the device.
    fn missing(self) -> Error {
        let feature = match self {
            Self::Cpu => "",
            Self::CandleCpu => "candle",
            Self::Cuda(_) => "cuda",
            Self::Metal(_) => "metal",
        };
        Error::Device {
            device: self.to_string(),
            reason: format!("this build has no feature {feature}"),
        }
    }
}

/// A device that is available.
#[derive(Debug, Clone, Default)]
pub(crate) enum Opened {
    /// This crate's own layers.
    #[default]
    Own,
    /// One of candle's.
    #[cfg(feature = "candle")]
    Candle {
        name: Device,
        device: candle_core::Device,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_as_they_are_written() {
        for (text, device) in [
            ("cpu", Device::Cpu),
            ("candle", Device::CandleCpu),
            ("cuda:0", Device::Cuda(0)),
            ("cuda:17", Device::Cuda(17)),
            ("metal:2", Device::Metal(2)),
        ] {
            assert_eq!(text.parse::<Device>().expect(text), device);
            assert_eq!(device.to_string(), text);
        }
        assert_eq!("cuda".parse::<Device>().expect("cuda"), Device::Cuda(0));
        assert_eq!("metal".parse::<Device>().expect("metal"), Device::Metal(0));
        let too_many = "cuda:99999999999999999999999";
        for text in [
            "", "CPU", "gpu", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:+1", "cuda: 1", too_many,
        ] {
            match text.parse::<Device>() {
                Err(Error::Device { device, .. }) => assert_eq!(device, text),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
