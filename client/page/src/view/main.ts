/** Takes the page over, once scripts run. */
import { dropBox } from '../dropbox/fetching.ts';
import { leaveByButtonAndKey } from './leave.ts';
import { start } from './start.ts';

leaveByButtonAndKey();
void start(dropBox());
