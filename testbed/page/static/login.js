// The words of the log-in.
import {apply, load} from './i18n.js';

await load();
apply();
