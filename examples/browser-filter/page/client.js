// The script of the page of visits: asks for visits and switches with the token, and hears of new ones as they come.

const KEY = 'graftwork-token';
const byId = (id) => document.getElementById(id);
const visits = new Map();

/** An element with its class, its text and its children; never HTML. */
const element = (tag, { className, text, ...properties } = {}, children = []) => {
  const made = Object.assign(document.createElement(tag), properties);
  if (className !== undefined) made.className = className;
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
};

const token = () => sessionStorage.getItem(KEY) ?? '';

const ask = async (path, options = {}) => {
  const response = await fetch(path, {
    ...options,
    headers: { ...options.headers, authorization: `Bearer ${token()}` },
  });
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({ error: { message: response.statusText } }));
  throw Object.assign(new Error(error.message), { status: response.status });
};

const say = (id, error) => {
  byId(id).textContent = error === null ? '' : error.message;
};

const switched = async (what) => {
  try {
    const body = JSON.stringify(what);
    show(
      await (
        await ask('api/switches', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      ).json(),
    );
    say('fault', null);
  } catch (error) {
    say('fault', error);
    await refresh();
  }
};

let sitesOff = [];

const switchOf = (label, on, change) => {
  const box = element('input', { type: 'checkbox', checked: on });
  box.addEventListener('change', () => change(box.checked));
  return element('label', {}, [box, ` ${label}`]);
};

/** Shows the switches of plugins. */
const show = ({ plugins, sitesOff: off }) => {
  sitesOff = off;
  const rows = (wanted) =>
    plugins
      .filter(({ misbehaves }) => misbehaves === wanted)
      .map(({ name, on, why }) =>
        element('li', {}, [
          switchOf(name, on, (checked) => switched({ plugin: name, on: checked })),
          ...(on || why === '' ? [] : [element('div', { className: 'why', text: `off: ${why}` })]),
        ]),
      );
  byId('plugins').replaceChildren(...rows(false));
  byId('misbehaving').replaceChildren(...rows(true));
  showVisits();
};

const count = (number, word, className) => element('li', { className, text: `${number} ${word}` });

const deedText = ({ graft, what, url, why, records, removed }) =>
  what === 'undone'
    ? `${graft}: undone (${why}), ${records} records${removed ? '; it is switched off' : ''}`
    : `${graft}: ${what} ${url}`;

const visitRow = (visit) => {
  const cost = Object.entries(visit.cost)
    .map(([graft, { calls, own_ms }]) => `${graft} ${own_ms.toFixed(1)} ms in ${calls}`)
    .join(', ');
  const deeds = visit.deeds.map((deed) => element('li', { className: deed.what, text: deedText(deed) }));
  const off = sitesOff.includes(visit.site);
  return element('li', { id: `visit-${visit.id}` }, [
    element('h3', { text: visit.url }),
    element('div', { className: 'at', text: new Date(visit.at).toLocaleTimeString() }),
    element('ul', { className: 'counts' }, [
      count(visit.requests, visit.requests === 1 ? 'request' : 'requests', 'requests'),
      count(visit.blocked, 'blocked', 'blocked'),
      count(visit.changed, 'changed', 'changed'),
      count(visit.undone, 'undone', 'undone'),
    ]),
    switchOf(`Filters on ${visit.site}`, !off, (on) => switched({ site: visit.site, on })),
    ...(cost === '' ? [] : [element('div', { className: 'cost', text: `Processor time: ${cost}` })]),
    ...(deeds.length === 0
      ? []
      : [
          element('details', { open: openVisits.has(visit.id) }, [
            element('summary', { text: 'What was done' }),
            element('ol', { className: 'deeds' }, deeds),
          ]),
        ]),
  ]);
};

const openVisits = new Set();
byId('visits').addEventListener(
  'toggle',
  ({ target }) => {
    const id = Number(target.closest('li[id]').id.slice('visit-'.length));
    if (target.open) openVisits.add(id);
    else openVisits.delete(id);
  },
  true,
);

const VISITS_SHOWN = 50;

const showVisits = () => {
  const shown = [...visits.values()].sort((a, b) => b.id - a.id).slice(0, VISITS_SHOWN);
  byId('visits').replaceChildren(...shown.map(visitRow));
  byId('state').textContent =
    shown.length === 0 ? 'No page was visited yet. Set up a browser as it says below, and open one.' : '';
};

const refresh = async () => {
  const [listed, switches] = await Promise.all([ask('api/visits?limit=50'), ask('api/switches')]);
  const { visits: found, proxy } = await listed.json();
  visits.clear();
  for (const visit of found) visits.set(visit.id, visit);
  byId('proxy').textContent = proxy;
  show(await switches.json());
};

/** Hears of visits until the connection ends. */
const listen = async () => {
  const { body } = await ask('api/visits/events');
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop();
    for (const event of events)
      if (event.startsWith('data: ')) {
        const visit = JSON.parse(event.slice('data: '.length));
        visits.set(visit.id, visit);
      }
    showVisits();
  }
};

const hideVisits = (hidden) => {
  for (const id of ['plugins-section', 'visits-section']) byId(id).hidden = hidden;
};

const AGAIN_MS = 2000;

const start = async () => {
  byId('token-form').hidden = token() !== '';
  if (token() === '') return void hideVisits(true);
  try {
    await refresh();
    hideVisits(false);
    await listen();
  } catch (error) {
    if (error.status === 401) {
      sessionStorage.removeItem(KEY);
      byId('token-form').hidden = false;
      return say('token-fault', error);
    }
    byId('state').textContent = 'The server does not answer; trying again.';
  }
  setTimeout(start, AGAIN_MS);
};

for (const place of document.querySelectorAll('.origin')) place.textContent = location.origin;
byId('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, byId('token').value.trim());
  say('token-fault', null);
  start();
});
start();
