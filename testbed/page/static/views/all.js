// The unit views, in the order of their tabs; a run shows those that fit it. See docs/page.md.
import {chatter} from './chatter.js';
import {mill} from './mill.js';
import {mould} from './mould.js';
import {strip_view} from './strip.js';

export const views = [mould, mill, chatter, strip_view];
