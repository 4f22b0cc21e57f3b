/** The pipeline that `claimgate init` writes, for GitHub Actions: what a change of the policy must pass, and what it means. */

/**
 * @param folder where the policy is, seen from the repository's root; empty: there
 * @param config the name of wrangler's configuration
 */
export function renderWorkflow(folder: string, config = 'wrangler.toml'): string {
  const defaults =
    folder === ''
      ? ''
      : `
    defaults:
      run:
        working-directory: ${JSON.stringify(folder)}`;
  const file = folder === '' ? config : `${folder}/${config}`;
  return `name: policy
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  policy:
    runs-on: ubuntu-latest${defaults}
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0 # diff reads the policy of the branch that the change goes to
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      - run: npm ci
      - name: What is wrong or dangerous
        run: npx --no-install claimgate check --strict --format github
      - name: What must pass passes, and nothing else
        # Each route and rule has a case that it lets through, and one that it refuses.
        run: npx --no-install claimgate test --min-coverage 100
      - name: What the change means
        if: github.event_name == 'pull_request'
        env:
          BASE: origin/\${{ github.base_ref }}
          FILE: ${JSON.stringify(file)}
        run: |
          if git cat-file -e "$BASE:$FILE"; then
            npx --no-install claimgate diff "$BASE" --format markdown >> "$GITHUB_STEP_SUMMARY"
          else
            echo "The policy is new." >> "$GITHUB_STEP_SUMMARY"
          fi
      - name: The policy as a page to look at
        run: npx --no-install claimgate page > policy.html
      - uses: actions/upload-artifact@v4
        with:
          name: policy
          path: ${JSON.stringify(folder === '' ? 'policy.html' : `${folder}/policy.html`)}
`;
}
