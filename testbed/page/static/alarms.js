// Alarms by ISA-18.2: the one that matters most with its why, its time and what to do; the list with what one may do.
import {$, anew, clock, h, put} from './dom.js';
import {pick, t} from './i18n.js';
import {SHAPES} from './mimic.js';
import {store} from './store.js';

const UP = '▲', DOWN = '▼', SAME = '–', SWINGS = '↕', LEAST = 0.005;  // a share that is shown as 0.00 tells nothing
let order = () => {}, may = () => false, chosen = null;

export function build(give, allowed) {
  order = give;
  may = allowed;
}

const priority = severity => severity >= 700 ? 1 : severity >= 400 ? 2 : 3;
// What is wrong: its class, and the name of the mark or what the first evidence measures.
const names = alarm => [alarm.condition, alarm.label ?? alarm.why[0]?.what].filter(Boolean).map(pick).join(' · ');
const lastOf = path => path.split('/').slice(-2).join(' / ');

function prio(alarm) {
  const p = priority(alarm.severity);
  return h('span', {class: `prio p${p}`}, `${'▲◆●'[p - 1]} ${p}`);
}

function verdict(alarm) {
  const text = alarm.truth && alarm.verdict !== 'open' ? `${t(alarm.verdict)} · ${pick(alarm.truth)}` : t(alarm.verdict);
  const sign = {right: '✓ ', wrong: '✗ ', late: '✗ '}[alarm.verdict] ?? '';
  return h('span', {class: `verdict ${alarm.verdict}`}, sign + text);
}

export function draw() {
  const told = store.state?.alarms;
  if (!told) return;
  const alarm = told.list.find(one => one.id === chosen) ?? [...told.list].filter(isOpen).sort((a, b) => b.severity - a.severity)[0] ?? told.list[0] ?? null;
  alert(alarm);
  list(told, alarm);
}

function alert(alarm) {
  const root = $('alert');
  const {phase, ai} = store.state, struck = store.state.alarms.struck;
  root.className = struck.length || alarm && alarm.state === 'unacknowledged' ? 'open' : '';
  const {deadline, ...rest} = alarm ?? {};
  anew(root, [document.documentElement.lang, rest, deadline === null, struck, phase === 'idle', ai], () => [
    struck.map(one => h('p', {class: 'struck'}, `✗ ${t('struck')} ${pick(one.what)} · ${clock(one.at)}`)),
    alarm ? card(alarm) : [
      h('h2', null, ai ? `${SHAPES.normal} ${t('no_alarm')}` : `✕ ${t('ai_off')}`),
      h('p', null, t(phase === 'idle' ? 'choose' : ai ? 'all_quiet' : 'unwatched')),
    ]].flat(2));
  const count = root.querySelector('.count b');
  if (count && alarm.deadline !== null) put(count, Math.max(0, alarm.deadline - store.t).toFixed(alarm.deadline - store.t < 100 ? 1 : 0));
}

function card(alarm) {
  const most = Math.max(...alarm.why.map(one => one.share), 1e-9);
  const sign = way => way === 2 ? [SWINGS, t('swings_more')] : way > 0 ? [UP, '+'] : way < 0 ? [DOWN, '-'] : [SAME, '='];
  const why = alarm.why.slice(0, 3).filter((one, i) => i === 0 || one.share >= LEAST).map(one => h('li', null,
    h('span', {role: 'img', 'aria-label': sign(one.way)[1], title: sign(one.way)[1]}, sign(one.way)[0]),
    h('span', null, `${pick(one.what)} `, h('span', {class: 'place'}, lastOf(one.tag))),
    bar(one.share / most), h('span', null, one.share.toFixed(2))));
  const open = alarm.deadline !== null && alarm.verdict === 'open';
  return [
    h('h2', null, prio(alarm), names(alarm), verdict(alarm)),
    h('div', {class: 'place'}, `${lastOf(alarm.source)}${alarm.box ? ` · ${alarm.box[0]} ${alarm.box[1]} m` : ''} · ${clock(alarm.at)} · ${alarm.model}`),
    open && h('div', {class: 'count'}, h('small', null, `${t('left')} `), h('b'), h('small', null, ` ${t('seconds')}`)),
    h('dl', null,
      pick(alarm.advice) ? [h('dt', null, t('do')), h('dd', null, h('strong', null, pick(alarm.advice)))] : [],
      alarm.crop ? [h('dt', null, t('why')), h('dd', null, h('img', {class: 'crop', src: `crop/${store.state.run}/${alarm.id}`, alt: names(alarm)}))] : [],
      why.length ? [h('dt', null, t('why')), h('dd', null, h('ol', null, why))] : []),
  ];
}

function bar(share) {
  const one = h('span', {class: 'share'});
  one.style.width = `${Math.round(share * 100)}%`;
  return one;
}

function list(told, selected) {
  const key = [document.documentElement.lang, told, selected?.id, may('operator'), may('engineer')];
  anew($('alarms'), key, () => [
    h('div', {class: 'bar'}, h('h2', null, `${t('alarms')} · ${told.unacknowledged} / ${told.total}`),
      h('button', {type: 'button', 'data-key': 'all', disabled: !told.unacknowledged || !may('operator'), onclick: () => order('acknowledge', {ids: open(told)})}, t('acknowledge_all'))),
    h('table', null,
      h('thead', null, h('tr', null, ['at', 'what', 'state'].map(name => h('th', {scope: 'col'}, t(name))))),
      h('tbody', null, told.list.map(alarm => row(alarm, selected)))),
    told.total > told.list.length && h('p', null, `+ ${told.total - told.list.length} ${t('more')}`),
  ]);
}

const isOpen = alarm => ['unacknowledged', 'returned-unacknowledged'].includes(alarm.state);
const open = told => told.list.filter(isOpen).map(one => one.id);

function row(alarm, selected) {
  const about = `${names(alarm)}, ${lastOf(alarm.source)}`;
  const pressed = (name, what, need, key) => h('button', {type: 'button', class: 'small', 'data-key': `${key}${alarm.id}`,
    disabled: !may(need), 'aria-label': `${t(name)}: ${about}`, onclick: what}, t(name));
  const aside = alarm.aside && `${alarm.aside.by}: ${alarm.aside.reason}${alarm.aside.until === null ? '' : ` (${t('until')} ${clock(alarm.aside.until)})`}`;
  return h('tr', {class: `${alarm.state} ${alarm.id === selected?.id ? 'chosen' : ''}`},
    h('td', {class: 'at'}, prio(alarm), h('br'), clock(alarm.at)),
    h('td', null, h('button', {type: 'button', class: 'small', 'data-key': `see${alarm.id}`, onclick: () => { chosen = alarm.id; draw(); }}, names(alarm)), ' ', verdict(alarm),
      h('span', {class: 'place'}, `${lastOf(alarm.source)}${alarm.box ? ` · ${alarm.box[1]} m` : ''} · ${alarm.model}`)),
    h('td', null, `${SHAPES[alarm.state] ?? ''} ${t(alarm.state)}`, aside && h('span', {class: 'place'}, aside), h('div', {class: 'do'},
      isOpen(alarm) && pressed('acknowledge', () => order('acknowledge', {ids: [alarm.id]}), 'operator', 'ack'),
      alarm.aside ? pressed('put_back', () => order('put_back', {id: alarm.id}), 'operator', 'back')
        : [pressed('shelve', () => ask(alarm, 'shelve'), 'operator', 'shelve')])));
}

// Who sets an alarm aside gives a name and a reason.
function ask(alarm, how) {
  const minutes = h('input', {type: 'number', min: 0.5, max: 1440, step: 0.5, value: 10, required: true});
  const reason = h('input', {required: true, maxlength: 200}), by = h('input', {required: true, maxlength: 60, value: kept()});
  const box = h('dialog', {'aria-label': `${t(how)}: ${names(alarm)}`, onclose: () => box.remove()});
  const out = h('input', {type: 'checkbox', disabled: !may('engineer')});
  box.append(h('form', {method: 'dialog', onsubmit: () => {
    keep(by.value);
    const given = {id: alarm.id, reason: reason.value, by: by.value};
    order(out.checked ? 'out_of_service' : 'shelve', out.checked ? given : {...given, minutes: +minutes.value});
  }}, h('h2', null, `${t(how)}: ${names(alarm)}`), h('label', null, t('reason'), reason), h('label', null, t('by'), by),
  h('label', null, t('minutes'), minutes), h('label', null, h('span', null, out, ` ${t('out_of_service')}`)),
  h('div', {class: 'row'}, h('button', {type: 'button', onclick: () => box.close()}, t('close')), h('button', {class: 'main'}, t(how)))));
  document.body.append(box);
  box.showModal();
  reason.focus();
}

function kept() {
  try { return localStorage.getItem('name') ?? ''; } catch { return ''; }
}

function keep(name) {
  try { localStorage.setItem('name', name); } catch { /* a browser that keeps nothing */ }
}
