// The unit views, in the order of their tabs; a run shows those that fit it. See docs/page.md.
import {chatter} from './chatter.js';
import {machines_view} from './machines.js';
import {mill} from './mill.js';
import {mould} from './mould.js';
import {strip_view} from './strip.js';
import {table_view} from './table.js';

export const views = [mould, mill, table_view, chatter, strip_view, machines_view];
