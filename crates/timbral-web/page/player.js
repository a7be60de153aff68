// The player: a sound, its position, and the cursor over the plots.

class Player {
  #audio = document.getElementById('audio');
  #button = document.getElementById('play');
  #position = document.getElementById('position');
  #time = document.getElementById('time');
  #plots = document.getElementById('plots');
  #cursor = document.getElementById('cursor');
  #seconds = 0;
  #url = null;
  /** Makes a WAV file of what the browser cannot play. */
  #decode = null;

  constructor() {
    this.#button.addEventListener('click', () => this.toggle());
    document.getElementById('volume').addEventListener('input', (event) => {
      this.#audio.volume = Number(event.target.value);
    });
    for (const name of ['play', 'pause', 'ended']) {
      this.#audio.addEventListener(name, () => {
        this.#button.textContent = this.#audio.paused ? 'Play' : 'Pause';
        this.#move();
      });
    }
    for (const name of ['seeked', 'timeupdate']) this.#audio.addEventListener(name, () => this.#show());
    this.#audio.addEventListener('error', () => this.#convert());
    this.#position.addEventListener('input', () => this.seek(Number(this.#position.value)));
    const at = (event) => {
      const box = this.#plots.getBoundingClientRect();
      this.seek(((event.clientX - box.left) / box.width) * this.#seconds);
    };
    this.#plots.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      this.#plots.setPointerCapture(event.pointerId);
      at(event);
    });
    this.#plots.addEventListener('pointermove', (event) => {
      if (this.#plots.hasPointerCapture(event.pointerId)) at(event);
    });
  }

  /** Takes another sound; `decode` returns it as WAV, in case that the browser does not know its format. */
  open(file, seconds, decode) {
    this.#audio.pause();
    this.#seconds = seconds;
    this.#decode = decode;
    this.#position.max = seconds;
    this.#set(file);
    this.#show();
  }

  toggle() {
    if (!this.#audio.paused) this.#audio.pause();
    // A sound that cannot be played yet is converted.
    else this.#audio.play().catch(() => {});
  }

  seek(seconds) {
    this.#audio.currentTime = Math.max(0, Math.min(this.#seconds, seconds));
    this.#show();
  }

  #set(file) {
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(file);
    this.#audio.src = this.#url;
  }

  async #convert() {
    const [decode, url] = [this.#decode, this.#url];
    if (!decode) return;
    this.#decode = null;
    const bytes = await decode();
    // Another sound may have been opened.
    if (bytes && this.#url === url) this.#set(new Blob([bytes], { type: 'audio/wav' }));
  }

  /** Moves the cursor with every frame of the screen while the sound plays. */
  #move() {
    this.#show();
    if (!this.#audio.paused) requestAnimationFrame(() => this.#move());
  }

  #show() {
    const now = Math.min(this.#audio.currentTime, this.#seconds);
    this.#cursor.style.left = `${(100 * now) / (this.#seconds || 1)}%`;
    this.#time.textContent = `${clock(now, true)} / ${clock(this.#seconds, true)}`;
    this.#position.value = now;
    this.#position.setAttribute('aria-valuetext', `${clock(now)} of ${clock(this.#seconds)}`);
  }
}
