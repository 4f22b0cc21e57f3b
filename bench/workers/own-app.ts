/** An app that answers by itself, and asks nobody who calls: what checks are compared with. */
import { Hono } from 'hono';
import { addHandlers } from './own-handlers.ts';

export default addHandlers(new Hono(), () => '');
