/** Pieces of the issuer's pages: text to copy, forms that say the command, questions before something is taken away. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { IssuerBodies } from '../cli/console/issuer-bodies.ts';
import { type IssuerAction, issuerCommand } from '../cli/console/issuer-commands.ts';
import { type Question, type Result, useIssuer } from './issuer-context.ts';
import { Name } from './name.tsx';

const COPIED_MS = 2_000;

interface CopyableProps {
  readonly text: string;
  /** What it is, for whoever hears the button. */
  readonly what: string;
}

/** Text in one size of letters, with a button that copies it. */
export function Copyable({ text, what }: CopyableProps) {
  const [said, setSaid] = useState('Copy');
  const code = useRef<HTMLElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      if (code.current !== null) getSelection()?.selectAllChildren(code.current);
      setSaid('Selected');
    }
    setTimeout(() => setSaid('Copy'), COPIED_MS);
  };
  return (
    <div class="copyable">
      <pre>
        <code ref={code}>{text}</code>
      </pre>
      <button type="button" class="small" onClick={copy}>
        {said}
        <span class="hidden"> {what}</span>
      </button>
    </div>
  );
}

interface CommandProps<Action extends IssuerAction> {
  readonly action: Action;
  readonly body: IssuerBodies[Action];
}

function Command<Action extends IssuerAction>({ action, body }: CommandProps<Action>) {
  const { data } = useIssuer();
  return (
    <div class="same">
      <span class="quiet">The same on the command line</span>
      <Copyable text={issuerCommand(action, body, data.flags)} what="the command" />
    </div>
  );
}

interface ActionFormProps<Action extends IssuerAction> extends CommandProps<Action> {
  readonly label: string;
  /** Why it can't be sent yet. */
  readonly missing?: string | undefined;
  readonly onDone?: () => void;
  readonly children?: ComponentChildren;
}

/** A form for one change, with the command that does the same as it is typed. */
export function ActionForm<Action extends IssuerAction>(props: ActionFormProps<Action>) {
  const { action, body, label, missing, onDone, children } = props;
  const { run, busy } = useIssuer();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (missing === undefined && (await run(action, body))) onDone?.();
  };
  return (
    <form class="action" onSubmit={submit} autocomplete="off">
      {children}
      <button type="submit" disabled={busy || missing !== undefined}>
        {label}
      </button>
      {missing === undefined ? <Command action={action} body={body} /> : <p class="quiet">{missing}</p>}
    </form>
  );
}

interface ConfirmProps {
  readonly question: Question;
  readonly onClose: () => void;
}

export function Confirm({ question, onClose }: ConfirmProps) {
  const { run, busy } = useIssuer();
  const { title, verb, consequence, action, insist } = question;
  const [insists, setInsists] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const body = (
    insists && insist !== undefined ? { ...question.body, [insist.name]: true } : question.body
  ) as IssuerBodies[IssuerAction];
  const submit = async (event: Event) => {
    event.preventDefault();
    // First, as what is behind it can't take the focus: the result does.
    dialog.current?.close();
    await run(action, body);
  };
  return (
    <dialog ref={dialog} aria-labelledby="question" onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id="question">
          <Name text={title} />
        </h2>
        <p>{consequence}</p>
        {insist !== undefined && (
          <label class="check">
            <input
              type="checkbox"
              checked={insists}
              onInput={(event) => setInsists(event.currentTarget.checked)}
            />
            <span>{insist.label}</span>
          </label>
        )}
        <Command action={action} body={body} />
        <div class="buttons">
          <button type="submit" class="danger" disabled={busy || (insist !== undefined && !insists)}>
            {verb}
          </button>
          <button type="button" class="small" autofocus onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** What came of the last change. It takes the focus, so that a screen reader says it and nobody overlooks it. */
export function ResultView({ result, onForget }: { readonly result: Result; readonly onForget: () => void }) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), [result.count]);
  return (
    <section
      ref={box}
      tabIndex={-1}
      id="issuer-result"
      data-count={result.count}
      class={`result ${'problem' in result ? 'bad' : ''}`}
      aria-label="Result"
    >
      {'problem' in result ? (
        <p>
          <Name text={result.problem} />
        </p>
      ) : (
        <Changed {...result} />
      )}
      <button type="button" class="small" onClick={onForget}>
        Close
      </button>
    </section>
  );
}

function Changed({ change }: { readonly change: Extract<Result, { change: unknown }>['change'] }) {
  const { said, credentials, gateway, next, notes, command } = change;
  return (
    <>
      {said.map((line, i) => (
        <p key={i} class={i === 0 ? 'good' : ''}>
          <Name text={line} />
        </p>
      ))}
      {credentials !== null && (
        <div class="secret">
          <p>
            <strong>The secret is shown this once.</strong> Only its hash is kept: copy it now, to where the
            client reads it.
          </p>
          <dl>
            <dt>client_id</dt>
            <dd>
              <Copyable text={credentials.client_id} what="the client id" />
            </dd>
            <dt>client_secret</dt>
            <dd>
              <Copyable text={credentials.client_secret} what="the secret" />
            </dd>
          </dl>
        </div>
      )}
      {gateway !== null && (
        <>
          <p>{gateway.what}</p>
          <Copyable text={gateway.lines.join('\n')} what="the lines for the gateway" />
        </>
      )}
      {next.length > 0 && <p class="next">{next.join('\n').trim()}</p>}
      {notes.map((note) => (
        <p key={note} class="warn">
          {note}
        </p>
      ))}
      <div class="same">
        <span class="quiet">The same on the command line</span>
        <Copyable text={command} what="the command" />
      </div>
    </>
  );
}
