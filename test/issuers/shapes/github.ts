import { EXP, IAT, type IssuerCase, jwk, metadata, rsaKey, tokenWith, X5C } from '../sample.ts';

const ISSUER = 'https://token.actions.githubusercontent.com';
const METADATA = `${ISSUER}/.well-known/openid-configuration`;
const JWKS = `${ISSUER}/.well-known/jwks`;
const request = 'POST /deployments';

export async function github(): Promise<IssuerCase> {
  const key = await rsaKey('cc413527-173f-5a05-976e-9c52b1d7b431');
  const job = {
    jti: 'example-id',
    sub: 'repo:octo-org/octo-repo:environment:prod',
    environment: 'prod',
    aud: 'https://api.example.com/deploy',
    ref: 'refs/heads/main',
    sha: 'example-sha',
    repository: 'octo-org/octo-repo',
    repository_owner: 'octo-org',
    actor_id: '12',
    repository_visibility: 'private',
    repository_id: '74',
    repository_owner_id: '65',
    run_id: 'example-run-id',
    run_number: '10',
    run_attempt: '2',
    runner_environment: 'github-hosted',
    actor: 'octocat',
    workflow: 'example-workflow',
    head_ref: '',
    base_ref: '',
    event_name: 'workflow_dispatch',
    ref_type: 'branch',
    job_workflow_ref: 'octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main',
    iss: ISSUER,
    nbf: IAT - 600,
    exp: EXP,
    iat: IAT,
  };
  const { environment: _environment, ...bare } = {
    ...job,
    sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
  };
  const token = (claims: Record<string, unknown>) =>
    tokenWith(key, claims, { typ: 'JWT', x5t: 'example-thumbprint' });

  return {
    section: 'GitHub Actions',
    documents: {
      [METADATA]: metadata(ISSUER, JWKS, { scopes_supported: ['openid'] }),
      [JWKS]: { keys: [jwk(key, { alg: 'RS256', use: 'sig', x5c: X5C, x5t: 'example-thumbprint' })] },
    },
    passes: {
      'a job': {
        request,
        token: await token(job),
        asked: [METADATA, JWKS],
        forwarded: {
          'x-claim-iss': ISSUER,
          'x-claim-sub': 'repo:octo-org/octo-repo:environment:prod',
          'x-claim-client-id': 'octo-org/octo-repo',
          'x-claim-scope': null,
          'x-actor': 'octocat',
          'x-sha': 'example-sha',
        },
      },
      'a job of a repository with immutable subjects': {
        request,
        token: await token({ ...job, sub: 'repo:octo-org@65/octo-repo@74:environment:prod' }),
        asked: [METADATA, JWKS],
        forwarded: { 'x-claim-sub': 'repo:octo-org@65/octo-repo@74:environment:prod' },
      },
    },
    refused: {
      'token of a repository of another owner, for the same audience': {
        request,
        token: await token({
          ...job,
          sub: 'repo:mono-org/octo-repo:environment:prod',
          repository: 'mono-org/octo-repo',
          repository_id: '77',
          repository_owner: 'mono-org',
          repository_owner_id: '66',
        }),
      },
      'token of the repository itself, once it has gone to another owner': {
        request,
        token: await token({
          ...job,
          sub: 'repo:mono-org@66/octo-repo@74:environment:prod',
          repository: 'mono-org/octo-repo',
          repository_owner: 'mono-org',
          repository_owner_id: '66',
        }),
        passesWithout: 'claims',
      },
      'token for the default audience': {
        request,
        token: await token({ ...job, aud: 'https://github.com/octo-org' }),
      },
      'token of another repository of the owner': {
        request,
        token: await token({
          ...job,
          sub: 'repo:octo-org/sandbox:environment:prod',
          repository: 'octo-org/sandbox',
          repository_id: '75',
        }),
      },
      'token of a new repository under the old name': {
        request,
        token: await token({ ...job, repository_id: '76' }),
      },
      'token of another branch': { request, token: await token({ ...job, ref: 'refs/heads/demo-branch' }) },
      'token of a job without the environment': { request, token: await token(bare) },
      'token of `pull_request_target`': {
        request,
        token: await token({
          ...job,
          event_name: 'pull_request_target',
          head_ref: 'patch-1',
          base_ref: 'main',
        }),
      },
    },
  };
}
