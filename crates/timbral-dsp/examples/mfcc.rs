//! The MFCCs of a tone that slides upwards: `cargo run --release -p timbral-dsp --example mfcc`.

use timbral_dsp::{
    DbParams, MelBank, MelParams, Mfcc, MfccParams, Result, Stft, StftParams, power_to_db,
};

#[allow(clippy::print_stdout)]
fn main() -> Result<()> {
    // Two seconds from 220 to 880 Hz.
    let rate = 22_050.0;
    let phase = |t: f64| std::f64::consts::TAU * (220.0 * t + 165.0 * t * t);
    let samples: Vec<f32> = (0..44_100)
        .map(|n| phase(f64::from(n) / rate).sin() as f32)
        .collect();

    let stft = Stft::new(StftParams::default())?;
    let bank = MelBank::new(MelParams::default())?;
    let mfcc = Mfcc::new(MfccParams {
        n_mfcc: 5,
        ..MfccParams::default()
    })?;
    let mel = bank.process_signal(&stft, &samples)?;
    let levels = power_to_db(mel.view(), &DbParams::default())?;
    let coefficients = mfcc.process(levels.view())?;

    println!("{:>6}  MFCC 1 to 5", "s");
    for (t, frame) in coefficients.columns().into_iter().enumerate().step_by(10) {
        let seconds = (t * stft.params().hop_length) as f64 / rate;
        let values: Vec<String> = frame.iter().map(|c| format!("{c:8.2}")).collect();
        println!("{seconds:6.2}  {}", values.join(" "));
    }
    Ok(())
}
