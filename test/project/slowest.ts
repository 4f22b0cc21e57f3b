/** Lists at the end of a run what took longest, so that who makes the tests slower sees it. */
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const COUNT = 10;

export class SlowestReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const files = modules.map((module) => {
      const { collectDuration, duration } = module.diagnostic();
      return { name: pathOf(module), ms: collectDuration + duration };
    });
    const tests = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        name: `${pathOf(module)} > ${test.fullName}`,
        ms: test.diagnostic()?.duration ?? 0,
      })),
    );
    print('Slowest files', files);
    print('Slowest tests', tests);
  }
}

const pathOf = (module: TestModule) => relative(process.cwd(), module.moduleId);

function print(title: string, timed: readonly { name: string; ms: number }[]): void {
  const slowest = timed.toSorted((a, b) => b.ms - a.ms).slice(0, COUNT);
  const lines = slowest.map(
    ({ name, ms }) => `${(ms / 1000).toFixed(1).padStart(6)} s  ${name.slice(0, 100)}`,
  );
  if (timed.length > COUNT) process.stdout.write(`\n${title}\n${lines.join('\n')}\n`);
}
