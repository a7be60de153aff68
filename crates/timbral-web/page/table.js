// The tables: of all songs, and of the features of one.

function cell(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** A button in a cell of a row's head. */
function headOfRow(text, onClick) {
  const head = cell('th', '');
  head.scope = 'row';
  const button = cell('button', text);
  button.type = 'button';
  button.addEventListener('click', onClick);
  head.append(button);
  return head;
}

/** The table of all songs: a row per song that was read, with what is known of it. */
class SongTable {
  #body = document.querySelector('#songs tbody');
  #rows = new Map();
  #open;

  /** `open` is called with the song whose name was clicked. */
  constructor(names, open) {
    this.#open = open;
    const row = document.createElement('tr');
    row.append(cell('th', 'song'), cell('th', 'length', 'number'), cell('th', 'genre'));
    row.append(...names.map((name) => cell('th', name, 'number')));
    document.querySelector('#songs thead').append(row);
  }

  /** Adds a song that is still to be read, at the end or instead of another. */
  add(song, instead) {
    const row = document.createElement('tr');
    row.append(cell('th', song.path), cell('td', 'waiting'));
    this.#put(song, row, instead);
  }

  /** Shows what is known of a song that was read. */
  show(song) {
    const row = document.createElement('tr');
    const head = headOfRow(song.path, () => this.#open(song));
    head.title = song.path;
    row.append(head);
    row.append(cell('td', clock(song.info.seconds), 'number'));
    row.append(cell('td', genreOf(song)));
    row.append(...song.values.map((value) => cell('td', short(value), 'number')));
    this.#put(song, row, song);
  }

  remove(song) {
    this.#rows.get(song)?.remove();
    this.#rows.delete(song);
  }

  #put(song, row, instead) {
    const before = this.#rows.get(instead);
    if (before) before.replaceWith(row);
    else this.#body.append(row);
    this.#rows.delete(instead);
    this.#rows.set(song, row);
  }

  /** Marks the song that is open. */
  mark(song) {
    for (const [each, row] of this.#rows) {
      row.querySelector('button')?.setAttribute('aria-current', String(each === song));
    }
  }
}

/** The most probable genre of a song, with its probability. */
function genreOf(song) {
  if (!song.prediction) return '';
  const [{ genre, probability }] = song.prediction.genres;
  const text = `${genre} ${probability.toFixed(3)}`;
  return song.prediction.none_of_these ? `none of these (${text})` : text;
}

/** The features of the open song; `choose` is called with the number of the one that is clicked. */
function showFeatures(names, values, segments, chosen, choose) {
  const body = document.querySelector('#features tbody');
  body.replaceChildren(...names.map((name, i) => {
    const row = document.createElement('tr');
    const head = headOfRow(name, () => choose(i));
    head.firstChild.setAttribute('aria-pressed', String(i === chosen));
    const over = segments.map((segment) => segment[i]);
    const ends = over.length > 0 ? [short(Math.min(...over)), short(Math.max(...over))] : ['', ''];
    row.append(head, ...[short(values[i]), ...ends].map((text) => cell('td', text, 'number')));
    return row;
  }));
}
