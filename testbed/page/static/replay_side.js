// Beside the axis of time: what matters at this moment, and everything that happened with what was found of it.
import {moment} from './chart.js';
import {$, anew, h} from './dom.js';
import {pick, t} from './i18n.js';
import {ENDS, SIGNS} from './replay_lanes.js';

const MOST = 40;
const lastOf = path => path.split('/').slice(-2).join(' / ');
const fine = s => s === null || s === undefined ? '–' : moment(s, 0.1);
const badge = (kind, text) => h('span', {class: `verdict ${kind}`}, text);
const boxed = box => box && `${box[0]} · ${box[1].toFixed(2)} – ${box[3].toFixed(2)} m · ${Math.round(box[2])} – ${Math.round(box[4])} mm`;

// The alarm or truth that was chosen, else the newest alarm before the moment, else what is under way.
export function current(about, chosen, now) {
  if (chosen) return chosen;
  const alarms = about.alarms.filter(one => one.at <= now + 1e-6);
  return alarms.at(-1) ?? about.truths.findLast(one => one.onset <= now) ?? null;
}

export function card(about, id, chosen, now) {
  const one = current(about, chosen, now), alarm = one && 'onset' in one ? about.alarms[one.alarm] : one;
  const truth = one && 'onset' in one ? one : about.truths.find(each => alarm && about.alarms[each.alarm] === alarm) ?? null;
  const root = $('card');
  root.className = truth?.verdict ?? alarm?.kind ?? '';
  anew(root, [document.documentElement.lang, id, one && about.truths.indexOf(one), one && about.alarms.indexOf(one)], () => one ? [
    h('h2', null, truth ? pick(truth.what) : pick(alarm.condition), truth ? badge(truth.verdict, `${ENDS[truth.verdict]} ${t(`end.${truth.verdict}`)}`) : badge(alarm.kind, `${SIGNS[alarm.kind][0]} ${pick(alarm.verdict)}`)),
    h('span', {class: 'place'}, lastOf(truth?.where || alarm?.source || '')),
    h('dl', null, truth ? times(truth) : [], alarm ? said(alarm) : []),
    alarm?.picture && h('figure', null, h('img', {src: `record/${encodeURIComponent(id)}/picture/${alarm.id}`, alt: `${t('seen')}: ${pick(alarm.label) || pick(alarm.condition)}`}), h('figcaption', {class: 'place'}, `${t('seen')} · ${boxed(alarm.box)}`)),
  ] : [h('h2', null, t('quiet_yet')), h('p', null, t('how_to'))]);
}

const pair = (name, value, strong) => [h('dt', null, t(name)), h('dd', null, strong ? h('strong', null, value) : value)];

function times(truth) {
  return [pair('began_at', fine(truth.onset)), truth.found_at !== null ? pair('found_at', `${fine(truth.found_at)}${truth.delay_s_text ? ` (${t('delay')} ${pick(truth.delay_s_text)})` : ''}`) : [],
    truth.lead_s_text ? pair('lead', pick(truth.lead_s_text), true) : [], truth.consequence !== null && truth.consequence !== undefined ? pair('consequence', fine(truth.consequence)) : []].flat();
}

function said(alarm) {
  const most = Math.max(...alarm.why.map(one => one.share), 1e-9);
  const bar = share => { const one = h('span', {class: 'share'}); one.style.width = `${Math.round(share / most * 100)}%`; return one; };
  return [pair('alarm_at', `${fine(alarm.at)} · ${alarm.model} · ${t('score')} ${alarm.score}`), alarm.label ? pair('named', pick(alarm.label)) : [],
    pick(alarm.advice) ? pair('do', pick(alarm.advice), true) : [],
    alarm.why.length ? [h('dt', null, t('why')), h('dd', null, h('ol', null, alarm.why.map(one => h('li', null, `${pick(one.what)} `, h('span', {class: 'place'}, lastOf(one.tag)), bar(one.share)))))] : []].flat();
}

// Everything at once, as the report has it; a row leads to its moment.
export function found(about, chosen, choose) {
  const truths = about.truths.filter(one => !one.box), wrong = about.alarms.filter(one => ['false', 'forbidden', 'alarm'].includes(one.kind));
  anew($('found'), [document.documentElement.lang, about.folder, chosen && about.truths.indexOf(chosen), chosen && about.alarms.indexOf(chosen)], () => [
    truths.length > 0 && h('h2', null, t('found_of_it')),
    truths.length > 0 && h('table', null, head('what', 'onset', 'found_at', 'delay', 'lead'), h('tbody', null, truths.slice(0, MOST).map(one => row(one, one === chosen, choose)))),
    truths.length > MOST && h('p', null, `+ ${truths.length - MOST}`),
    about.classes.length > 0 && h('h2', null, t('marks')),
    about.classes.length > 0 && h('table', null, head('what', 'marks_n', 'marks_found'), h('tbody', null, about.classes.map(one => h('tr', null, h('td', null, pick(one.what)), h('td', {class: 'n'}, String(one.marks)), h('td', {class: 'n'}, String(one.found)))))),
    h('h2', null, `${t(about.is_judged ? 'false_alarms' : 'alarms')}: ${wrong.length}`),
    wrong.length > 0 && h('table', null, head('at', 'what', 'by_model'), h('tbody', null, wrong.slice(0, MOST).map((one, i) => h('tr', {class: one === chosen ? 'chosen' : ''},
      h('td', {class: 'n'}, fine(one.at)), h('td', null, h('button', {type: 'button', class: 'small', 'data-key': `wrong${i}`, onclick: () => choose(one)}, `${SIGNS[one.kind][0]} ${pick(one.condition)}`), h('span', {class: 'place'}, lastOf(one.source))), h('td', null, one.model))))),
    wrong.length > MOST && h('p', null, `+ ${wrong.length - MOST}`),
  ]);
}

const head = (...names) => h('thead', null, h('tr', null, names.map(name => h('th', {scope: 'col'}, t(name)))));

function row(truth, isChosen, choose) {
  return h('tr', {class: isChosen ? 'chosen' : ''},
    h('td', null, h('button', {type: 'button', class: 'small', 'data-key': `truth${truth.onset}${truth.where}`, onclick: () => choose(truth)}, pick(truth.what)), ' ', badge(truth.verdict, `${ENDS[truth.verdict]} ${t(`end.${truth.verdict}`)}`), h('span', {class: 'place'}, lastOf(truth.where))),
    h('td', {class: 'n'}, fine(truth.onset)), h('td', {class: 'n'}, fine(truth.found_at)),
    h('td', {class: 'n'}, truth.delay_s_text ? pick(truth.delay_s_text) : '–'), h('td', {class: 'n'}, truth.lead_s_text ? pick(truth.lead_s_text) : '–'));
}
