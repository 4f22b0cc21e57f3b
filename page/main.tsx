import { render } from 'preact';
import { App } from './app.tsx';
import { ConsoleApp } from './console-app.tsx';
import type { PageData } from './data.ts';
import type { ConsoleShell } from './live-data.ts';

const data = JSON.parse(document.getElementById('data')?.textContent ?? '{}') as PageData | ConsoleShell;
const root = document.getElementById('page');
if (root !== null) render('console' in data ? <ConsoleApp /> : <App data={data} />, root);
