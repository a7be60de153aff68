// Drawings over time, all of one width.

const HOP_LENGTH = 512;
const SAMPLE_RATE = 22050;
const N_MELS = 128;
/** Seconds of a segment: 66150 samples from one to the next. */
const SEGMENT = 3;

/** The colours of `magma` at equal distances. */
const MAGMA = [
  [0, 0, 4], [24, 15, 62], [69, 16, 119], [114, 31, 129], [159, 47, 127],
  [205, 64, 113], [241, 96, 93], [253, 149, 103], [254, 202, 141], [252, 253, 191],
];

const PALETTE = Array.from({ length: 256 }, (_, level) => {
  const place = (level / 255) * (MAGMA.length - 1);
  const below = Math.min(Math.floor(place), MAGMA.length - 2);
  const mix = (a, b) => a + (b - a) * (place - below);
  return MAGMA[below].map((a, i) => mix(a, MAGMA[below + 1][i]));
});

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** The colour of a genre by its number among those of the classifier. */
const genreColour = (genre) => colour(`class${genre % 10}`);

/** `1:05`, of long sounds `1:02:05`; with tenths if wanted. */
function clock(seconds, tenths = false) {
  const all = tenths ? Math.floor(seconds * 10) / 10 : Math.floor(seconds);
  const two = (n) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor(all / 60) % 60];
  const rest = all - 60 * Math.floor(all / 60);
  const end = tenths ? rest.toFixed(1).padStart(4, '0') : two(rest);
  return hours > 0 ? `${hours}:${two(minutes)}:${end}` : `${minutes}:${end}`;
}

/** Short but exact enough to read. */
function short(x) {
  if (x === 0) return '0';
  const size = Math.abs(x);
  return size >= 1e6 || size < 1e-3 ? x.toExponential(3) : String(Number(x.toPrecision(5)));
}

/** The context of a canvas of as many pixels as the screen has; cleared. */
function canvas2d(id) {
  const canvas = document.getElementById(id);
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * scale));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * scale));
  const context = canvas.getContext('2d');
  context.font = `${12 * scale}px system-ui, sans-serif`;
  return { context, width: canvas.width, height: canvas.height, scale };
}

/** For each column of pixels the first and the last of `n` values that are `step` seconds apart. */
function* columns(width, seconds, step, n) {
  for (let x = 0; x < width; x += 1) {
    const first = Math.min(n - 1, Math.floor(((x / width) * seconds) / step));
    const last = Math.min(n - 1, Math.floor((((x + 1) / width) * seconds) / step));
    yield [x, first, Math.max(first, last - 1)];
  }
}

function drawWaveform(waveform, seconds) {
  const { context, width, height, scale } = canvas2d('waveform');
  const extremes = { least: 0, most: 0 };
  for (const x of waveform) {
    extremes.least = Math.min(extremes.least, x);
    extremes.most = Math.max(extremes.most, x);
  }
  const largest = Math.max(extremes.most, -extremes.least) || 1;
  const y = (sample) => (height / 2) * (1 - sample / largest);
  context.fillStyle = colour('wave');
  for (const [x, first, last] of columns(width, seconds, HOP_LENGTH / SAMPLE_RATE, waveform.length / 2)) {
    let [least, most] = [Infinity, -Infinity];
    for (let i = first; i <= last; i += 1) {
      least = Math.min(least, waveform[2 * i]);
      most = Math.max(most, waveform[2 * i + 1]);
    }
    context.fillRect(x, y(most), 1, Math.max(scale, y(least) - y(most)));
  }
}

/** The place of a frequency among the mel bands from 0 to 11 025 Hz, as a fraction (Slaney's scale). */
function melPlace(hertz) {
  const mel = (f) => (f < 1000 ? (3 * f) / 200 : 15 + (27 * Math.log(f / 1000)) / Math.log(6.4));
  return mel(hertz) / mel(SAMPLE_RATE / 2);
}

function drawSpectrogram(levels, seconds) {
  const { context, width, height, scale } = canvas2d('spectrogram');
  const image = new ImageData(width, N_MELS);
  const sums = new Float64Array(N_MELS);
  for (const [x, first, last] of columns(width, seconds, HOP_LENGTH / SAMPLE_RATE, levels.length / N_MELS)) {
    sums.fill(0);
    for (let frame = first; frame <= last; frame += 1) {
      for (let band = 0; band < N_MELS; band += 1) sums[band] += levels[frame * N_MELS + band];
    }
    for (let band = 0; band < N_MELS; band += 1) {
      const [r, g, b] = PALETTE[Math.round(sums[band] / (last - first + 1))];
      image.data.set([r, g, b, 255], 4 * ((N_MELS - 1 - band) * width + x));
    }
  }
  const small = new OffscreenCanvas(width, N_MELS);
  small.getContext('2d').putImageData(image, 0, 0);
  context.drawImage(small, 0, 0, width, height);
  for (const [hertz, name] of [[500, '500 Hz'], [1000, '1 kHz'], [2000, '2 kHz'], [4000, '4 kHz'], [8000, '8 kHz']]) {
    const y = height * (1 - melPlace(hertz));
    context.fillStyle = '#fff';
    context.strokeStyle = '#000';
    context.lineWidth = 3 * scale;
    context.fillRect(0, y, 5 * scale, scale);
    context.strokeText(name, 8 * scale, y + 4 * scale);
    context.fillText(name, 8 * scale, y + 4 * scale);
  }
}

/** The values of a feature for every segment, and that of the whole song as a dashed line. */
function drawFeature(values, whole, seconds) {
  const { context, width, height, scale } = canvas2d('feature');
  const [least, most] = [Math.min(whole, ...values), Math.max(whole, ...values)];
  const margin = 14 * scale;
  const y = (value) => {
    const place = most > least ? (value - least) / (most - least) : 0.5;
    return height - margin - place * (height - 2 * margin);
  };
  const x = (segment) => (segment * SEGMENT * width) / seconds;
  context.strokeStyle = colour('muted');
  context.setLineDash([4 * scale, 4 * scale]);
  context.beginPath();
  context.moveTo(0, y(whole));
  context.lineTo(width, y(whole));
  context.stroke();
  context.setLineDash([]);
  context.strokeStyle = colour('wave');
  context.lineWidth = 2 * scale;
  context.beginPath();
  values.forEach((value, segment) => {
    context.lineTo(x(segment), y(value));
    context.lineTo(x(segment + 1), y(value));
  });
  context.stroke();
  context.fillStyle = colour('ink');
  context.fillText(short(most), 2 * scale, 11 * scale);
  if (most > least) context.fillText(short(least), 2 * scale, height - 2 * scale);
}

/** The probabilities of all genres over time, one on the other. */
function drawGenres(windows, classes, seconds) {
  const { context, width, height } = canvas2d('bands');
  const x = (time) => Math.round((time * width) / seconds);
  windows.forEach((window, i) => {
    const next = windows[i + 1];
    const right = next ? x(next.start) : Math.min(width, x(window.end));
    const of = new Map(window.genres.map(({ genre, probability }) => [genre, probability]));
    let below = 0;
    classes.forEach((genre, number) => {
      const top = below + (of.get(genre) ?? 0);
      context.fillStyle = genreColour(number);
      context.fillRect(x(window.start), height * (1 - top), right - x(window.start), height * (top - below));
      below = top;
    });
  });
}

function drawAxis(seconds) {
  const { context, width, scale } = canvas2d('axis');
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const fits = (step) => (step / seconds) * width >= 60 * scale;
  const step = steps.find(fits) ?? 7200;
  context.fillStyle = colour('muted');
  for (let time = 0; time <= seconds; time += step) {
    const x = (time / seconds) * width;
    context.fillRect(Math.min(x, width - scale), 0, scale, 5 * scale);
    const text = clock(time);
    const left = x - context.measureText(text).width / 2;
    context.fillText(text, Math.max(0, Math.min(left, width - context.measureText(text).width)), 17 * scale);
  }
}
