import type { FindingData } from './data.ts';

/** What the check says, in the order of the file. */
export function FindingsView({ findings }: { readonly findings: readonly FindingData[] }) {
  if (findings.length === 0) return <p class="summary">The check finds nothing.</p>;
  return (
    <ul class="findings">
      {findings.map(({ severity, rule, at, problem, remedy, why, line }, i) => (
        <li key={i} class={severity}>
          <div>
            <span class="tag">{severity}</span> <strong>{rule}</strong> <span class="code">{at}</span>{' '}
            <span class="quiet">line {line}</span>
          </div>
          <div>{problem}</div>
          <div class="quiet">{why}</div>
          <div>→ {remedy}</div>
        </li>
      ))}
    </ul>
  );
}
