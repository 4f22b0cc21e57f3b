/** What the fields of transmitters mean: see `texts.ts`. */
import { DEFAULT_ALGORITHMS } from './issuers.ts';
import type { SignalConfig, SubjectsConfig } from './schema.ts';
import { listed, type Texts } from './texts.ts';

const NAMED_BY = '"sub", "sid", "jti" or "client_id"';

/** The table of a transmitter, under `signals`. */
export const SIGNAL_TEXTS: Texts<SignalConfig> = {
  issuer: 'The iss of its events, compared literally. Example: "https://id.example.com/realms/prod".',
  audience:
    'The audience that its events must have: this receiver, by the name that the transmitter knows. A list means any of. Example: "https://api.example.com/signals".',
  revokes:
    'The issuers whose tokens its events are about, by their names under [vars.ISSUERS]. Each needs max_token_age. Example: "corp".',
  subjects:
    'What the subjects of its events are to tokens, where they name no issuer. Those that are not named are answered, logged and change nothing. Example: { email = "sub" }.',
  logout_tokens:
    'Whether logout tokens are taken at the same path (OpenID Connect Back-Channel Logout): "typed" those of typ "logout+jwt", "any" also those without a type of their own. Default: none. Example: "typed".',
  path: 'Where it sends events to, on every host. Default: /.well-known/claimgate/signals/NAME, and nowhere with poll_uri. Example: "/.well-known/claimgate/signals/corp".',
  authorization:
    'The secret that it sends as Authorization, whole, "Bearer " included. Logout tokens come without. Example: "secret:SIGNALS_AUTHORIZATION".',
  rate_limit:
    'The rate limit that counts what comes from one address, a binding of the platform. Example: "PER_ADDRESS".',
  poll_uri: 'Where the cron asks for events (RFC 8936). Example: "https://id.example.com/ssf/poll/8f3a".',
  poll_authorization:
    'The secret that is sent there as Authorization, whole. Example: "secret:POLL_AUTHORIZATION".',
  algorithms: `Signature algorithms to accept. Default: those of the issuer of the same name, else ${listed(DEFAULT_ALGORITHMS)}. Example: ["RS256"].`,
  metadata_uri:
    'Where its metadata is. Default: the keys of the issuer of the same name, else /.well-known/ssf-configuration on its host. Example: "https://id.example.com/.well-known/ssf-configuration".',
  jwks_uri: 'Where its keys are; no metadata is read then. Example: "https://id.example.com/keys".',
  service: 'Fetches, and asks for events, through this binding. Example: "IDENTITY".',
};

/** The value of `subjects`. */
export const SUBJECTS_TEXTS: Texts<SubjectsConfig> = {
  opaque: `The claim of tokens that has the id of an opaque subject: ${NAMED_BY}. Example: "sub".`,
  email: 'The same of an e-mail address, letter for letter. Example: "sub".',
  phone_number: 'The same of a phone number. Example: "sub".',
  account: 'The same of an acct: URI. Example: "sub".',
  did: 'The same of a DID URL. Example: "sub".',
  uri: 'The same of a URI. Example: "sub".',
  session: 'The same of the session of a complex subject. Example: "sid".',
  application: 'The same of the application of a complex subject. Example: "client_id".',
};
