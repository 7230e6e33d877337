// The presenter's desk: choose a story, start, hold, speed, reset; what to tell, what comes next, what it was worth.
import {$, anew, clock, h, put} from './dom.js';
import {pick, t} from './i18n.js';
import {store} from './store.js';

const SEVERITIES = ['mild', 'usual', 'severe'];
const SPEEDS = ['real', '2', '5', '10', '30', 'max'];
let order = () => {}, may = () => false, stories = [], ai = true, picked = null, whole = false;

export function build(root, give, allowed) {
  order = give;
  may = allowed;
  root.append(h('div', {id: 'desk'}), h('div', {id: 'cues'}), h('div', {id: 'meters'}));
}

export function hello(told) {
  stories = told.stories;
  picked = null;
}

const story = name => stories.find(one => one.name === name);
export const forward = told => told.to === null ? t('forward_alarm') : `${t('forward_to')} ${clock(told.to)}`;
export const title = name => pick(story(name)?.title) || name;

export function draw() {
  const state = store.state;
  if (!state) return;
  desk(state);
  cues(state);
  meters(state);
}

function desk(state) {
  const on = ['starting', 'running'].includes(state.phase), name = picked ?? state.story;
  const one = story(name), high = Boolean(one?.begin), begin = whole ? 0 : one?.begin ?? 0;
  const speed = !whole && state.asked === 'real' ? one?.fit ?? 'real' : state.asked;
  const key = [document.documentElement.lang, state.phase, Boolean(store.run), state.held, whole, Boolean(state.forward), state.speed, state.asked, state.story, picked, ai, may('operator'), may('engineer'), stories.length];
  anew($('desk'), key, () => [
    h('div', {class: 'row'}, h('label', null, `${t('story')} `, h('select', {id: 'story', 'data-key': 'story', onchange: e => { picked = e.target.value; draw(); }},
      stories.map(one => h('option', {value: one.name, selected: one.name === name}, `${pick(one.title)} · ${clock(one.duration_s)}`)))),
      high && h('label', null, `${t('from')} `, h('select', {id: 'from', 'data-key': 'from', onchange: e => { whole = e.target.value === 'start'; draw(); }},
        h('option', {value: 'high', selected: !whole}, `${t('from_high')} · ${clock(one.begin)}${one.fit === 'real' ? '' : ` · ${one.fit}×`}`),
        h('option', {value: 'start', selected: whole}, t('from_start'))))),
    h('div', {class: 'row'},
      press('start', 'main', () => { picked = null; return order('start', {story: name, seed: state.seed, speed, ai, begin}); }),
      press(state.held ? 'resume' : 'pause', '', () => order('hold', {held: !state.held}), !on),
      h('button', {type: 'button', id: 'forward', 'data-key': 'forward', disabled: !on || !may('operator'), onclick: () => order('forward', {to: goal(state)})}, `▶▶ ${t(state.forward ? 'forward_end' : 'forward')}`),
      press('reset', '', () => order('reset'), state.phase === 'idle'),
      h('label', null, `${t('speed')} `, h('select', {id: 'speed', 'data-key': 'speed', disabled: !may('operator'), onchange: e => order('speed', {speed: e.target.value})},
        [...new Set([...SPEEDS, state.speed])].map(one => h('option', {value: one, selected: one === state.speed}, one === 'real' ? '1×' : one === 'max' ? t('speed_max') : `${one}×`)))),
      h('button', {type: 'button', id: 'ai', 'data-key': 'ai', 'aria-pressed': String(ai), disabled: !may('operator'), onclick: () => { ai = !ai; draw(); }}, t(ai ? 'ai_on' : 'ai_off')),
      h('button', {type: 'button', id: 'inject', 'data-key': 'inject', disabled: state.phase !== 'running' || !store.run || !may('engineer'), onclick: inject}, t('inject'))),
  ]);
}

// Where fast forward goes: shortly before what the script holds next, else the next alarm; once more ends it.
const BEFORE_S = 10;
const goal = state => state.forward ? 0 : (store.run?.steps ?? []).map(one => one.at - BEFORE_S).find(at => at > store.t + BEFORE_S) ?? null;

const press = (name, kind, what, off) => h('button', {type: 'button', class: kind, id: name, 'data-key': name, disabled: Boolean(off) || !may('operator'), onclick: what}, t(name));

function cues(state) {
  const name = picked ?? state.story, steps = (store.run?.steps ?? []).filter(one => one.at > store.t);
  anew($('cues'), [document.documentElement.lang, name, state.phase, state.outcome, state.run, stories.length, state.why], () => [
    h('h2', null, `${t('cue')} · ${title(name)}`),
    h('p', {id: 'cue'}, pick(story(name)?.story)),
    h('p', {id: 'next'}),
    state.outcome && outcome(state),
    state.why && h('p', null, state.why),
  ]);
  const next = steps[0], running = state.phase === 'running' && name === state.story;
  put($('next'), !running ? '' : next ? `${t('next')}: ${pick(next.what)} · ${clock(next.at)} (${Math.ceil(next.at - store.t)} ${t('seconds')})` : t('nothing_next'));
}

function outcome(state) {
  const told = state.outcome;
  return h('p', {id: 'outcome'}, h('strong', null, `${told.met ? '✓' : '✗'} ${t(told.met ? 'met' : 'not_met')}`),
    ` ${told.found} / ${told.faults} ${t('found')} · ${told.false_alarms} ${t('false_alarms')} · `,
    h('a', {href: `report/${state.run}/ko`, target: '_blank', rel: 'noopener', lang: 'ko'}, t('report_ko')), ' · ',
    h('a', {href: `report/${state.run}/en`, target: '_blank', rel: 'noopener', lang: 'en'}, t('report_en')), ' · ',
    h('a', {id: 'replay-this', href: `replay.html#folder=${encodeURIComponent(told.folder)}`}, t('replay_this')));
}

function meters(state) {
  const way = state.ai ? 'on' : 'off', told = state.so_far ? {...state.meters, [way]: state.so_far} : state.meters, some = told.on ?? told.off;
  anew($('meters'), [document.documentElement.lang, told, way], () => [
    h('h2', null, t('worth')),
    some ? h('table', null, h('thead', null, h('tr', null, h('td'), ['on', 'off'].map(one => h('th', {scope: 'col'}, t(`ai_${one}`), state.so_far && one === way && h('small', null, ` · ${t('so_far')}`))))),
      h('tbody', null, [...(some.stake || state.so_far?.stake ? [['stake', 'stake']] : []), ['saved', 'saved'], ['lost', 'lost_money'], ['spent', 'spent']].map(([what, label]) => h('tr', null, h('th', {scope: 'row'}, t(label)),
        ['on', 'off'].map(one => h('td', null, pick(told[one]?.[what]?.text) || '–')))),
        ['saved', 'lost'].filter(what => told.on?.co2[what] || told.off?.co2[what]).map(what => h('tr', null, h('th', {scope: 'row'}, t(`co2_${what}`)),
          ['on', 'off'].map(one => h('td', null, pick(told[one]?.co2[what]) || '–')))))) : h('p', null, t('no_worth')),
    some && h('details', null, h('summary', null, t('assumed')), Object.entries(some.assumed).map(([name, [a, b, c]]) => h('div', null, `${name}: ${a.toLocaleString()} … ${b.toLocaleString()} … ${c.toLocaleString()}`))),
  ]);
}

// A fault or look-alike at the plant's next step: it is part of the record, of the truth and of the score.
function inject() {
  const kinds = store.run?.kinds ?? [];
  const kind = h('select', {id: 'inject-kind', required: true, onchange: () => offer()}, kinds.map(one => h('option', {value: one.name}, pick(one.what))));
  const where = h('select', {id: 'inject-place'}), severity = h('select', {id: 'inject-severity'});
  const drawn = () => h('option', {value: ''}, t('drawn'));
  const offer = () => {  // what this kind leaves to choose
    const {places, severities} = kinds.find(one => one.name === kind.value) ?? {places: [], severities: false};
    where.replaceChildren(drawn(), ...places.map(one => h('option', {value: one}, one)));
    severity.replaceChildren(drawn(), ...(severities ? SEVERITIES : []).map(one => h('option', {value: one}, t(one))));
    [where.disabled, severity.disabled] = [!places.length, !severities];
  };
  offer();
  const box = h('dialog', {'aria-label': t('inject'), onclose: () => box.remove()});
  box.append(h('form', {method: 'dialog', onsubmit: () => order('inject', {kind: kind.value, where: where.value, severity: severity.value, params: {}})},
    h('h2', null, t('inject')), h('label', null, t('kind'), kind), h('label', null, t('place'), where), h('label', null, t('severity'), severity),
    h('div', {class: 'row'}, h('button', {type: 'button', onclick: () => box.close()}, t('close')), h('button', {class: 'main'}, t('inject')))));
  document.body.append(box);
  box.showModal();
}
