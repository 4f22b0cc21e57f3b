import { render } from 'preact';
import { App } from './app.tsx';
import type { PageData } from './data.ts';

const data = JSON.parse(document.getElementById('data')?.textContent ?? '{}') as PageData;
const root = document.getElementById('page');
if (root !== null) render(<App data={data} />, root);
