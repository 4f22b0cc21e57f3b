/** What was asked, as a case to copy, or to append. */
import { useEffect, useState } from 'preact/hooks';
import type { Policy } from '../src/policy/policy.ts';
import type { Asked } from './ask.ts';
import { type DraftedCase, draftCase } from './case.ts';

interface Props {
  readonly policy: Policy;
  readonly asked: Asked;
  readonly addCase: ((text: string) => Promise<string>) | undefined;
}

export function CaseMaker({ policy, asked, addCase }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [wants, setWants] = useState<'now' | 'allow'>('now');
  const [drafted, setDrafted] = useState<DraftedCase | { readonly problem: string } | undefined>(undefined);
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (!isOpen) return;
    setSaid('');
    draftCase(policy, asked, wants, Date.now()).then(setDrafted, (error: Error) =>
      setDrafted({ problem: error.message }),
    );
  }, [isOpen, wants]);
  const say = (work: Promise<string>) => work.then(setSaid, (error: Error) => setSaid(error.message));
  if (!isOpen)
    return (
      <button type="button" class="plain" onClick={() => setOpen(true)}>
        Make this a test case
      </button>
    );
  return (
    <section class="case">
      <h2>A case for policy.test.toml</h2>
      <label class="wants">
        From now on it must be{' '}
        <select
          value={wants}
          onChange={(event) => setWants(event.currentTarget.value === 'allow' ? 'allow' : 'now')}
        >
          <option value="now">as it is now</option>
          <option value="allow">let through</option>
        </select>
      </label>
      {drafted !== undefined &&
        ('problem' in drafted ? (
          <p class="bad">{drafted.problem}</p>
        ) : (
          <>
            <pre id="case">{drafted.text}</pre>
            {drafted.notes.map((note) => (
              <p key={note} class="quiet">
                {note}
              </p>
            ))}
            <p class="buttons">
              <button
                type="button"
                class="plain"
                onClick={() => say(navigator.clipboard.writeText(drafted.text).then(() => 'Copied.'))}
              >
                Copy
              </button>
              {addCase !== undefined && (
                <button type="button" class="plain" onClick={() => say(addCase(drafted.text))}>
                  Append to policy.test.toml
                </button>
              )}
            </p>
            <p role="status">{said}</p>
          </>
        ))}
    </section>
  );
}
