/** What the gateway does with a request, step by step: the same run that decides it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Explanation } from '../cli/policy/explain/explanation.ts';
import type { Step } from '../cli/policy/explain/step.ts';
import { PROBLEMS } from '../src/http/problem.ts';
import type { Policy } from '../src/policy/policy.ts';
import { type Asked, ask } from './ask.ts';
import { CaseMaker } from './case-view.tsx';
import { LoggedNote } from './logged-note.tsx';
import type { Question } from './question.ts';

const NOTHING: Asked = { method: 'GET', url: '/', token: '', keys: '', headers: '' };
const MARKS = { ok: 'ok', refused: 'no', would_refuse: '(no)', skipped: '–' } as const;

type Told = { readonly count: number; readonly asked: Asked } & (
  | { readonly explanation: Explanation }
  | { readonly problem: string }
);

interface Props {
  readonly policy: Policy;
  /** A logged request to begin with. */
  readonly question?: Question | undefined;
  /** Writes a case beside the policy; `undefined`: this page can't. @returns what became of it */
  readonly addCase?: ((text: string) => Promise<string>) | undefined;
}

export function AskView({ policy, question, addCase }: Props) {
  const [asked, setAsked] = useState(question?.asked ?? NOTHING);
  const [told, setTold] = useState<Told | undefined>(undefined);
  const count = useRef(0);
  const change = (field: keyof Asked) => (event: { currentTarget: { value: string } }) =>
    setAsked({ ...asked, [field]: event.currentTarget.value });
  const answer = (what: Asked) => {
    const mine = ++count.current;
    // An answer that was overtaken is nobody's.
    const tell = (one: { explanation: Explanation } | { problem: string }) =>
      mine === count.current && setTold({ count: mine, asked: what, ...one });
    ask(policy, what, Date.now()).then(
      (explanation) => tell({ explanation }),
      (error: Error) => tell({ problem: error.message }),
    );
  };
  const submit = (event: Event) => {
    event.preventDefault();
    answer(asked);
  };
  // A policy that was saved answers what was asked before.
  useEffect(() => {
    const what = told?.asked ?? question?.asked;
    if (what !== undefined) answer(what);
  }, [policy]);
  return (
    <div class="ask">
      <form onSubmit={submit} autocomplete="off">
        <div class="line">
          <label class="method">
            Method
            <input type="text" value={asked.method} spellcheck={false} onInput={change('method')} />
          </label>
          <label class="url">
            URL or path
            <input type="text" value={asked.url} spellcheck={false} onInput={change('url')} />
          </label>
        </div>
        <label>
          Token, or claims such as {'{"scope":"read:orders"}'}
          <textarea rows={4} value={asked.token} spellcheck={false} onInput={change('token')} />
        </label>
        <details>
          <summary>Keys and headers</summary>
          <label>
            Key set of the issuer (JSON). Without it, signatures are not checked.
            <textarea rows={3} value={asked.keys} spellcheck={false} onInput={change('keys')} />
          </label>
          <label>
            Headers, one a line
            <textarea rows={2} value={asked.headers} spellcheck={false} onInput={change('headers')} />
          </label>
        </details>
        <button type="submit">Ask</button>
        <p class="quiet">
          {addCase === undefined ? 'Nothing is sent or stored.' : 'Asked within this page: nothing is sent.'}
        </p>
      </form>
      <div id="told" aria-live="polite" data-count={told?.count ?? 0}>
        {question !== undefined && (
          <LoggedNote
            question={question}
            now={
              told !== undefined && 'explanation' in told && told.asked === question.asked
                ? told.explanation
                : undefined
            }
          />
        )}
        {told !== undefined && ('problem' in told ? <p class="bad">{told.problem}</p> : <Answer {...told} />)}
        {told !== undefined && 'explanation' in told && (
          <CaseMaker key={told.count} policy={policy} asked={told.asked} addCase={addCase} />
        )}
      </div>
    </div>
  );
}

const OPEN = {
  verified: '',
  offline: ', if its signature is good',
  unsigned: ', if a token with these claims were signed by the issuer',
} as const;

function Answer({ explanation }: { readonly explanation: Explanation }) {
  const { request, result, reason, would_deny: wouldDeny, steps, answer, origin, signature } = explanation;
  const refusing = steps.find(({ verdict }) => verdict === 'refused');
  const title = reason === null ? '' : `: ${reason}, ${PROBLEMS[reason as keyof typeof PROBLEMS].title}`;
  return (
    <section class="answer">
      <h2 class="code">
        {request.method} {request.url}
      </h2>
      <p id="verdict" class={result === 'refused' ? 'bad' : 'good'}>
        <strong>{result}</strong>
        {title}
        {wouldDeny !== null && ` (a rule that is tried would refuse: ${wouldDeny})`}
        {origin !== null && OPEN[signature]}
      </p>
      {refusing !== undefined && (
        <p>
          {refusing.step}: {refusing.decided}
        </p>
      )}
      <ol class="steps">
        {steps.map((step, i) => (
          <StepRow key={i} {...step} />
        ))}
      </ol>
      {origin !== null && (
        <HeaderList title={`The origin gets ${origin.method} ${origin.url}`} headers={origin.headers} />
      )}
      <HeaderList
        title={
          origin === null
            ? `The client gets ${answer.status ?? ''}`
            : "The client gets the origin's answer, and"
        }
        headers={answer.headers}
      />
      {origin === null && answer.body !== null && (
        <pre>{typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body, null, 2)}</pre>
      )}
    </section>
  );
}

function StepRow({ step, verdict, saw, decided, checks }: Step) {
  return (
    <li class={verdict}>
      <span class="mark">{MARKS[verdict]}</span>
      <div>
        <strong>{step}</strong> {decided}
        {saw !== '' && <div class="quiet">{saw}</div>}
        {checks.length > 0 && (
          <ul>
            {checks.map((check, i) => (
              <li key={i} class={check.verdict}>
                <span class="mark">{MARKS[check.verdict]}</span> {check.check}
                {check.saw !== '' && `: ${check.saw}`}
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

interface HeaderListProps {
  readonly title: string;
  readonly headers: Explanation['answer']['headers'];
}

function HeaderList({ title, headers }: HeaderListProps) {
  return (
    <>
      <h3>{title}</h3>
      <dl class="headers">
        {headers.map(([name, value], i) => (
          <div key={i}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
