/** The issuer's pages alone, as the console has them. */
import { render } from 'preact';
import { readConsoleToken } from '../../../page/console-client.ts';
import { IssuerView } from '../../../page/issuer-view.tsx';

readConsoleToken();
const root = document.getElementById('page');
if (root !== null) render(<IssuerView />, root);
