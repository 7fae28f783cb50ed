/** Takes the page over, once scripts run. */
import { dropBox } from '../dropbox/fetching.ts';
import { languagesInPlace, leaveByButtonAndKey } from './leave.ts';
import { start } from './start.ts';

leaveByButtonAndKey();
languagesInPlace();
void start(dropBox());
