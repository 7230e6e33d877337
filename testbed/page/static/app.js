// The page: one websocket, one store, and parts that draw what is in it, at most once a frame.
import * as alarms from './alarms.js';
import {$, anew, clock, h, put} from './dom.js';
import {apply, language, load, onLanguage, speak, t} from './i18n.js';
import * as mimic from './mimic.js';
import * as presenter from './presenter.js';
import * as store from './store.js';
import * as trend from './trend.js';
import {views} from './views/all.js';
import {connect} from './wire.js';

const ROLES = ['viewer', 'operator', 'engineer'];
const stats = new URLSearchParams(location.search).has('stats') ? (window.__stats = {frames: 0, late: []}) : null;
let role = 'viewer', queued = false, born = 0, shown = null, picked = false;  // picked: a visitor has chosen a view

await load();
const stage = h('div', {id: 'works', role: 'tabpanel'});
$('stage').append(stage);
trend.build(stage);
mimic.build($('mimic'));

const wire = connect({
  hello(told) {
    role = told.role;
    presenter.hello(told);
    store.begin(0, null);
    redraw();
  },
  frame(head, rows, picture) {
    if ('begin' in head) begin(head.run, head.begin);
    store.take(head, rows);
    if (picture) store.store.picture = {...head.picture, bytes: picture};
    born = rows.length ? head.born : 0;
    redraw();
  },
  state(connected) {
    document.body.classList.toggle('lost', !connected);
    put($('link'), t(connected ? 'live' : 'lost'));
  },
});
const may = needed => ROLES.indexOf(role) >= ROLES.indexOf(needed);
const order = async (name, given) => say(await wire.order(name, given));
store.use(wire.send);
alarms.build(order, may);
presenter.build($('presenter'), order, may);

function say(sentence) {
  put($('said'), sentence);
  if (sentence) setTimeout(() => put($('said'), ''), 6000);
}

function begin(number, run) {
  store.begin(number, run);
  if (!run) return;
  mimic.begin(run);
  trend.begin(run);
  if (!picked) shown = views.find(view => view.first?.(store.store.run))?.id ?? 'works';
  tabs();
  choose(shown);  // the view that is on begins anew, too
}

function tabs() {
  const there = [{id: 'works', name: 'works'}, ...views.filter(view => store.store.run && view.fits(store.store.run))];
  if (!there.some(one => one.id === shown)) choose('works');
  anew($('tabs'), [language(), shown, there.map(view => view.id)], () => (there.length < 2 ? [] : there.map(view => h('button', {type: 'button', role: 'tab',
    'data-key': view.id, 'aria-selected': String(view.id === shown), onclick: () => { picked = true; choose(view.id); tabs(); redraw(); }}, t(view.name)))));
}

function choose(id) {
  shown = id;
  for (const view of views) {
    const on = view.id === id;
    if (on && !view.root) {
      view.root = h('div', {role: 'tabpanel'});
      $('stage').append(view.root);
      view.build(view.root);
    }
    if (view.root) view.root.hidden = !on;
    if (on) view.begin(store.store.run);
    else store.want(view.id, []);
  }
  store.wantPicture(Boolean(views.find(view => view.id === id)?.picture));
  store.wantWaves(Boolean(views.find(view => view.id === id)?.waves));
  stage.hidden = id !== 'works';
}

function redraw() {
  if (queued) return;
  queued = true;
  requestAnimationFrame(draw);
}

function draw() {
  queued = false;
  const {state, run, t: now} = store.store;
  if (!state) return;
  mimic.draw();
  if (shown === 'works' || !shown) trend.draw();
  else views.find(view => view.id === shown)?.draw();
  alarms.draw();
  presenter.draw();
  put($('story-title'), presenter.title(state.story));
  put($('phase'), state.forward && !state.held ? `▶▶ ${presenter.forward(state.forward)}` : t(state.held ? 'held' : state.phase));
  document.body.classList.toggle('forward', Boolean(state.forward) && !state.held);
  put($('clock'), run ? `${clock(now)} / ${clock(run.duration_s)}` : '');
  $('progress').value = run ? now / run.duration_s : 0;
  if (stats) drawn();
}

// When the frame is on the screen: what comes after the drawing in the queue of the page.
function drawn() {
  const {port1, port2} = new MessageChannel();
  port1.onmessage = () => { stats.frames += 1; if (born) stats.late.push(Date.now() - born); };
  port2.postMessage(0);
}

onLanguage(() => {
  put($('language'), language() === 'ko' ? 'English' : '한국어');
  $('language').lang = language() === 'ko' ? 'en' : 'ko';
  put($('link'), t(document.body.classList.contains('lost') ? 'lost' : 'live'));
  trend.relabel();
  tabs();
  redraw();
});
$('language').onclick = () => speak(language() === 'ko' ? 'en' : 'ko');
speak(language());
