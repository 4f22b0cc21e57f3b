// Package claimgate checks that a request came by way of claimgate, and reads who calls. Copy this file.
//
//	verifier, err := claimgate.NewVerifier(claimgate.Options{
//		Issuer:   "https://api.example.com",
//		Audience: "orders.internal.example",
//		KeysURL:  "https://api.example.com/.well-known/claimgate/jwks.json",
//	})
//	http.ListenAndServe(":8080", claimgate.Guard(verifier, handler, nil))
//
// It needs Go 1.19 and nothing but the standard library. The checks and their codes are those of docs/assertion.md,
// and docs/assertion-vectors.json shows that they hold.
package claimgate

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	header         = "Txn-Token"
	maxLength      = 16_384
	maxLifetime    = 120 // seconds
	maxSafeInteger = 1<<53 - 1
	maxBodyBytes   = 1 << 20 // the most that a gateway signs
	maxKeysBytes   = 65_536
	maxKeys        = 100
	defaultSkew    = 5 * time.Second

	fresh         = 5 * time.Minute  // older keys are fetched anew, behind the request that finds out
	idle          = 10 * time.Minute // keys that are older still are fetched before they are used: nobody called
	staleLimit    = 24 * time.Hour   // so long keys are used while they can't be fetched
	coolDown      = 30 * time.Second // at most one fetch in this time, whatever kids are asked for
	emptyCoolDown = time.Second      // the same while there are no keys at all
	fetchLimit    = 5 * time.Second
)

// Base64url without padding. The bits that the last character has too many are zero: one spelling each.
var base64URL = regexp.MustCompile(`^(?:[A-Za-z0-9_-]{4})*` +
	`(?:[A-Za-z0-9_-]{4}|[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])$`)

var (
	secretForm = regexp.MustCompile(`^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$`)
	headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
)

// Refused says why a request is refused. Code is one of docs/assertion.md or secret_mismatch; Sentence is for the log.
type Refused struct{ Code, Sentence string }

func (r *Refused) Error() string { return r.Sentence }

func refuse(code, format string, values ...any) error {
	return &Refused{code, fmt.Sprintf(format, values...)}
}

// Caller is who calls, as the gateway verified it. Users are keyed by issuer and subject: UserKey.
type Caller struct {
	Issuer  string
	Subject *string
	Client  *string
	Scopes  []string
	// Claims that the policy forwards. Numbers are json.Number.
	Claims map[string]any
}

// UserKey is one name for a user: subjects of two issuers may be equal.
func (c *Caller) UserKey() (string, error) {
	if c.Subject == nil {
		return "", errors.New("the caller has no subject: it is no user")
	}
	text, err := json.Marshal([]string{c.Issuer, *c.Subject})
	return string(text), err
}

// Verified is what is known of a request. Caller is nil where it had no token, on a public or an optional route.
type Verified struct {
	Caller    *Caller
	RequestID *string
	ID        *string // of the assertion, and its end in seconds since 1970; a secret has neither
	ExpiresAt *int64
}

// RequestVerifier is a Verifier or a SecretVerifier.
type RequestVerifier interface {
	// Verify takes path and query as they came (http.Request.RequestURI). The body is read last, and only where it must
	// be bound; nil stands for none.
	Verify(method, target string, headers http.Header, body func() ([]byte, error)) (*Verified, error)
}

// Options of NewVerifier: Issuer, Audience and one of KeysURL and KeySet are needed.
type Options struct {
	Issuer, Audience string
	KeysURL          string // https
	KeySet           []byte // a JWK Set
	Bind             string // "request" (default: method and target), "body" (also the body), or "none"
	// Replay remembers an id until then and says whether it is new. Where it fails, the request is not let in.
	Replay    func(id string, rememberUntil time.Time) (bool, error)
	ClockSkew time.Duration // zero: 5 s. At most 60 s
	Now       func() time.Time
	Client    *http.Client // fetches the keys
}

// Verifier checks the assertion of each request.
type Verifier struct {
	options Options
	keys    func(kid *string) (map[string]crypto.PublicKey, error)
}

// NewVerifier fails where something is missing: better no service than an open one.
func NewVerifier(options Options) (*Verifier, error) {
	if strings.TrimSpace(options.Issuer) == "" || strings.TrimSpace(options.Audience) == "" {
		return nil, errors.New("claimgate: the verifier needs Issuer and Audience; one is empty")
	}
	if strings.TrimSpace(options.Issuer) != options.Issuer || strings.TrimSpace(options.Audience) != options.Audience {
		return nil, errors.New("claimgate: Issuer or Audience has blanks or line breaks at an end")
	}
	switch options.Bind {
	case "":
		options.Bind = "request"
	case "request", "body", "none":
	default:
		return nil, errors.New(`claimgate: Bind: write "request", "body" or "none"`)
	}
	if options.ClockSkew == 0 {
		options.ClockSkew = defaultSkew
	}
	if options.ClockSkew < 0 || options.ClockSkew > time.Minute {
		return nil, errors.New("claimgate: ClockSkew: write a duration up to one minute")
	}
	if options.Replay != nil && options.Bind == "none" {
		return nil, errors.New("claimgate: Replay: unbound assertions are sent many times; leave it out")
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if (options.KeysURL == "") == (options.KeySet == nil) {
		return nil, errors.New("claimgate: the verifier needs one of KeysURL and KeySet")
	}
	if options.KeySet != nil {
		keys := readKeys(options.KeySet)
		if keys == nil {
			return nil, errors.New("claimgate: KeySet has no public ES256 or Ed25519 key with a kid")
		}
		fixed := func(*string) (map[string]crypto.PublicKey, error) { return keys, nil }
		return &Verifier{options, fixed}, nil
	}
	if err := checkURL(options.KeysURL); err != nil {
		return nil, err
	}
	source := &fetchedKeys{url: options.KeysURL, now: options.Now, client: keysClient(options.Client)}
	return &Verifier{options, source.get}, nil
}

// Verify checks in the order of docs/assertion.md.
func (v *Verifier) Verify(method, target string, headers http.Header, body func() ([]byte, error)) (*Verified, error) {
	token, err := readAssertion(headers)
	if err != nil {
		return nil, err
	}
	keys, err := v.keys(token.kid)
	if err != nil {
		return nil, err
	}
	var key crypto.PublicKey
	if token.kid != nil {
		key = keys[*token.kid]
	}
	if key == nil {
		return nil, refuse("key_unknown", "The gateway publishes no key with the kid of the assertion.")
	}
	if err := checkSignature(key, token); err != nil {
		return nil, err
	}
	claims, err := readClaims(token.unverifiedClaims)
	if err != nil {
		return nil, err
	}
	if claims.issuer != v.options.Issuer {
		return nil, refuse("issuer_mismatch", "The assertion is of another issuer than %+q.", v.options.Issuer)
	}
	if len(claims.audience) != 1 || claims.audience[0] != v.options.Audience {
		return nil, refuse("audience_mismatch", "The assertion is for another audience than %+q, or for more than one.",
			v.options.Audience)
	}
	if err := v.checkTimes(claims); err != nil {
		return nil, err
	}
	if err := v.checkBinding(claims, method, target, body); err != nil {
		return nil, err
	}
	if v.options.Replay != nil {
		until := time.Unix(claims.expiresAt, 0).Add(v.options.ClockSkew)
		isNew, err := v.options.Replay(claims.id, until)
		if err != nil {
			return nil, err
		}
		if !isNew {
			return nil, refuse("replayed", "The assertion was used before.")
		}
	}
	return &Verified{claims.caller, claims.requestID, &claims.id, &claims.expiresAt}, nil
}

func (v *Verifier) checkTimes(claims *assertionClaims) error {
	now := v.options.Now()
	seconds := float64(now.UnixMilli()) / 1000
	skew := v.options.ClockSkew.Seconds()
	here := now.UTC().Format(time.RFC3339)
	if claims.expiresAt-claims.issuedAt > maxLifetime {
		return refuse("lifetime_too_long", "The assertion lives longer than %d s.", maxLifetime)
	}
	if float64(claims.issuedAt)-seconds > skew {
		return refuse("not_yet_valid", "The assertion is valid from %s; it is %s here.", instant(claims.issuedAt), here)
	}
	if seconds-float64(claims.expiresAt) >= skew {
		return refuse("expired", "The assertion ended at %s; it is %s here.", instant(claims.expiresAt), here)
	}
	return nil
}

func instant(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }

func (v *Verifier) checkBinding(claims *assertionClaims, method, target string, body func() ([]byte, error)) error {
	bound := claims.bound
	if bound == nil {
		if v.options.Bind != "none" {
			return refuse("unbound", "The assertion is bound to no request.")
		}
		return nil
	}
	// Whatever Bind is: the gateway said it of one request.
	if bound.method != method {
		return refuse("method_mismatch", "The assertion is for %+q, not %+q.", bound.method, method)
	}
	if bound.target != target {
		return refuse("target_mismatch", "The assertion is for %+q, not %+q.", bound.target, target)
	}
	if v.options.Bind != "body" {
		return nil
	}
	var content []byte
	if body != nil {
		var err error
		if content, err = body(); err != nil {
			return err
		}
	}
	digest := sha256.Sum256(content)
	if bound.digest == nil || *bound.digest != "sha-256=:"+base64.StdEncoding.EncodeToString(digest[:])+":" {
		return refuse("body_mismatch", "The assertion is for another body.")
	}
	return nil
}

// ForwardedClaim is an entry of the policy's forward. As is "text" (default), "list" or "json".
type ForwardedClaim struct{ Header, As string }

// SecretVerifier is for APIs without assertion: the secret of origin_headers, and the caller out of claim headers. A
// secret binds a request to nothing: whoever has read it can send any.
type SecretVerifier struct {
	header   string
	expected [][32]byte
	forward  map[string]ForwardedClaim
}

// NewSecretVerifier takes one secret, or two during a rotation. It fails where one is empty, short, or can't be sent in
// a header.
func NewSecretVerifier(header string, secrets []string, forward map[string]ForwardedClaim) (*SecretVerifier, error) {
	if len(secrets) < 1 || len(secrets) > 2 {
		return nil, errors.New("claimgate: secrets: write one secret, or two during a rotation")
	}
	if !headerName.MatchString(header) {
		return nil, errors.New("claimgate: header: write the name of the header that has the secret")
	}
	v := &SecretVerifier{header: header, forward: map[string]ForwardedClaim{}}
	for index, secret := range secrets {
		if strings.TrimSpace(secret) == "" {
			return nil, fmt.Errorf("claimgate: secrets[%d]: the verifier needs it; it is empty", index)
		}
		if !secretForm.MatchString(secret) {
			return nil, fmt.Errorf("claimgate: secrets[%d] has blanks at an end, or characters beyond ASCII", index)
		}
		if len(secret) < 16 {
			return nil, fmt.Errorf("claimgate: secrets[%d] has less than 16 characters", index)
		}
		v.expected = append(v.expected, sha256.Sum256([]byte(secret)))
	}
	for claim, field := range forward {
		if field.As == "" {
			field.As = "text"
		}
		if !headerName.MatchString(field.Header) || (field.As != "text" && field.As != "list" && field.As != "json") {
			return nil, fmt.Errorf("claimgate: forward[%q]: write it as the policy has it", claim)
		}
		v.forward[claim] = field
	}
	return v, nil
}

// Verify reads headers only.
func (v *SecretVerifier) Verify(_, _ string, headers http.Header, _ func() ([]byte, error)) (*Verified, error) {
	given, err := oneValue(headers, v.header)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(given))
	fits := 0
	for _, one := range v.expected { // all are compared, whichever fits
		fits |= subtle.ConstantTimeCompare(digest[:], one[:])
	}
	if fits != 1 {
		return nil, refuse("secret_mismatch", "The secret in %s is another one.", v.header)
	}
	read := &headerReader{headers: headers}
	claims := map[string]any{}
	for claim, field := range v.forward {
		if value := read.one(field.Header); value != nil {
			claims[claim] = read.decode(*value, field)
		}
	}
	issuer, subject, client := read.text("x-claim-iss"), read.text("x-claim-sub"), read.text("x-claim-client-id")
	scope, requestID := read.one("x-claim-scope"), read.one("x-request-id")
	if read.err != nil {
		return nil, read.err
	}
	verified := &Verified{RequestID: requestID}
	if issuer != nil {
		verified.Caller = &Caller{*issuer, subject, client, toScopes(scope), claims}
	}
	return verified, nil
}

type headerReader struct {
	headers http.Header
	err     error
}

func (r *headerReader) malformed(name string) {
	r.err = refuse("claims_malformed", "The header %s is not as the gateway writes it.", name)
}

func (r *headerReader) one(name string) *string {
	values := valuesOf(r.headers, name)
	if len(values) > 1 {
		r.malformed(name)
	}
	if len(values) != 1 || values[0] == "" {
		return nil
	}
	return &values[0]
}

func (r *headerReader) text(name string) *string {
	value := r.one(name)
	if value == nil {
		return nil
	}
	text := r.decodeText(*value, name)
	return &text
}

func (r *headerReader) decode(value string, field ForwardedClaim) any {
	switch field.As {
	case "list":
		items := []any{}
		for _, item := range strings.Split(value, ",") {
			items = append(items, r.decodeText(item, field.Header))
		}
		return items
	case "json":
		decoded, err := decodeJSON([]byte(value))
		if err != nil {
			r.malformed(field.Header)
		}
		return decoded
	default:
		return r.decodeText(value, field.Header)
	}
}

// The gateway encodes commas: one that stands there joins two headers. PathUnescape, since a + is a +.
func (r *headerReader) decodeText(value, name string) string {
	text, err := url.PathUnescape(value)
	isASCII := strings.IndexFunc(value, func(c rune) bool { return c < 0x20 || c > 0x7e }) == -1
	if err != nil || !isASCII || strings.Contains(value, ",") || !utf8.ValidString(text) {
		r.malformed(name)
	}
	return text
}

type contextKey struct{}

// FromRequest is what Guard verified. It is nil where there is no Guard.
func FromRequest(r *http.Request) *Verified {
	verified, _ := r.Context().Value(contextKey{}).(*Verified)
	return verified
}

// Guard lets through what the verifier accepts; others get 401. onRefusal may be nil.
func Guard(verifier RequestVerifier, next http.Handler, onRefusal func(*Refused, *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := func() ([]byte, error) {
			content, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes+1))
			if err != nil {
				return nil, err
			}
			if len(content) > maxBodyBytes {
				return nil, refuse("body_mismatch", "The body has more than %d bytes.", maxBodyBytes)
			}
			r.Body = io.NopCloser(bytes.NewReader(content))
			return content, nil
		}
		verified, err := verifier.Verify(r.Method, r.RequestURI, r.Header, body)
		var refused *Refused
		if errors.As(err, &refused) {
			if onRefusal != nil {
				onRefusal(refused, r)
			}
			status, title := 401, "Not from the gateway"
			if refused.Code == "keys_unavailable" {
				status, title = 503, "Keys of the gateway unavailable"
			}
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"type":"about:blank","title":%q,"status":%d,"code":%q}`, title, status, refused.Code)
		} else if err != nil {
			http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		} else {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, verified)))
		}
	})
}

// ReplayMemory has ids in the memory of this process. Full of ids that have not ended, it fails: none is forgotten
// early. Its method Remember is for Options.Replay.
type ReplayMemory struct {
	MaxEntries int // zero: 100,000
	Now        func() time.Time

	lock    sync.Mutex
	ends    map[string]time.Time
	sweptAt time.Time
}

// Remember says whether an id is new.
func (m *ReplayMemory) Remember(id string, until time.Time) (bool, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	now := time.Now()
	if m.Now != nil {
		now = m.Now()
	}
	if m.ends == nil {
		m.ends = map[string]time.Time{}
	}
	if now.Sub(m.sweptAt) >= time.Second {
		for one, end := range m.ends {
			if !end.After(now) {
				delete(m.ends, one)
			}
		}
		m.sweptAt = now
	}
	if _, isKnown := m.ends[id]; isKnown {
		return false, nil
	}
	max := m.MaxEntries
	if max == 0 {
		max = 100_000
	}
	if len(m.ends) >= max {
		return false, fmt.Errorf("claimgate: the memory of ids is full: raise MaxEntries (%d)", max)
	}
	m.ends[id] = until
	return true, nil
}

// --- reading ---

func valuesOf(headers http.Header, name string) []string {
	var found []string
	for key, values := range headers {
		if strings.EqualFold(key, name) {
			found = append(found, values...)
		}
	}
	return found
}

func oneValue(headers http.Header, name string) (string, error) {
	values := valuesOf(headers, name)
	if len(values) > 1 {
		return "", refuse("several", "The request has %d headers %s.", len(values), name)
	}
	if len(values) == 0 || values[0] == "" {
		return "", refuse("missing", "The request has no header %s.", name)
	}
	return values[0], nil
}

type unverifiedAssertion struct {
	alg              string
	kid              *string
	unverifiedClaims map[string]any
	signed           []byte
	signature        []byte
}

func readAssertion(headers http.Header) (*unverifiedAssertion, error) {
	token, err := oneValue(headers, header)
	if err != nil {
		return nil, err
	}
	if strings.Contains(token, ",") { // proxies join headers of one name with a comma
		return nil, refuse("several", "The header %s has more than one value.", header)
	}
	if len(token) > maxLength {
		return nil, refuse("too_large", "The assertion is longer than %d characters.", maxLength)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !base64URL.MatchString(parts[0]) || !base64URL.MatchString(parts[1]) ||
		!base64URL.MatchString(parts[2]) {
		return nil, refuse("malformed", "The assertion is not three parts of base64url.")
	}
	head, err := readObject(parts[0], "header")
	if err != nil {
		return nil, err
	}
	claims, err := readObject(parts[1], "payload")
	if err != nil {
		return nil, err
	}
	if _, isThere := head["crit"]; isThere {
		return nil, refuse("critical_unsupported", "The assertion has critical headers.")
	}
	if typ, _ := head["typ"].(string); !isType(typ) {
		return nil, refuse("type_not_allowed", "The type of the assertion is not txntoken+jwt.")
	}
	alg, _ := head["alg"].(string)
	if alg != "ES256" && alg != "EdDSA" && alg != "Ed25519" {
		return nil, refuse("algorithm_not_allowed", "The algorithm of the assertion is not ES256, EdDSA or Ed25519.")
	}
	signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
	found := &unverifiedAssertion{alg, nil, claims, []byte(parts[0] + "." + parts[1]), signature}
	if kid, isText := head["kid"].(string); isText {
		found.kid = &kid
	}
	return found, nil
}

// isType compares ASCII letters without case: for strings.EqualFold, the sign of Kelvin is a k too.
func isType(typ string) bool {
	if strings.IndexFunc(typ, func(c rune) bool { return c > 0x7e }) != -1 {
		return false
	}
	return strings.EqualFold(typ, "txntoken+jwt") || strings.EqualFold(typ, "application/txntoken+jwt")
}

func readObject(part, name string) (map[string]any, error) {
	bytes, err := base64.RawURLEncoding.DecodeString(part)
	if err == nil && utf8.Valid(bytes) && !hasLoneSurrogate(bytes) {
		if value, err := decodeJSON(bytes); err == nil {
			if object, isObject := value.(map[string]any); isObject {
				return object, nil
			}
		}
	}
	return nil, refuse("malformed", "The %s of the assertion is not a JSON object.", name)
}

// decodeJSON keeps names with case: fields of a struct would be found in any.
func decodeJSON(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("there is something behind the value")
	}
	return value, nil
}

// hasLoneSurrogate finds half characters, all of which encoding/json reads as one and the same.
func hasLoneSurrogate(text []byte) bool {
	for at := 0; at < len(text); at++ {
		if text[at] != '\\' {
			continue
		}
		unit := escapedUnit(text[at:])
		switch {
		case unit >= 0xdc00 && unit <= 0xdfff:
			return true
		case unit >= 0xd800 && unit <= 0xdbff:
			if next := escapedUnit(text[at+6:]); next < 0xdc00 || next > 0xdfff {
				return true
			}
			at += 11
		default:
			at++ // what is escaped may be a backslash
		}
	}
	return false
}

func escapedUnit(text []byte) uint64 {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0
	}
	unit, _ := strconv.ParseUint(string(text[2:6]), 16, 16)
	return unit
}

type assertionClaims struct {
	issuer              string
	audience            []string
	issuedAt, expiresAt int64
	id                  string
	requestID           *string
	caller              *Caller
	bound               *boundTo
}

type boundTo struct {
	method, target string
	digest         *string
}

// claimReader keeps the first claim that is not as docs/assertion.md says.
type claimReader struct{ fault string }

func (r *claimReader) malformed(name string) {
	if r.fault == "" {
		r.fault = name
	}
}

func (r *claimReader) optionalText(claims map[string]any, name string) *string {
	value, isThere := claims[name]
	if !isThere {
		return nil
	}
	text, isText := value.(string)
	if !isText {
		r.malformed(name)
		return nil
	}
	return &text
}

func (r *claimReader) text(claims map[string]any, name string) string {
	if value := r.optionalText(claims, name); value != nil {
		return *value
	}
	r.malformed(name)
	return ""
}

func (r *claimReader) wholeNumber(claims map[string]any, name string) int64 {
	number, _ := claims[name].(json.Number)
	value, err := strconv.ParseFloat(string(number), 64)
	if err != nil || value != math.Trunc(value) || math.Abs(value) > maxSafeInteger {
		r.malformed(name)
		return 0
	}
	return int64(value)
}

// object is nil where it is absent.
func (r *claimReader) object(claims map[string]any, name string) map[string]any {
	value, isThere := claims[name]
	object, isObject := value.(map[string]any)
	if isThere && !isObject {
		r.malformed(name)
	}
	return object
}

func readClaims(claims map[string]any) (*assertionClaims, error) {
	r := &claimReader{}
	found := &assertionClaims{
		issuer:    r.text(claims, "iss"),
		issuedAt:  r.wholeNumber(claims, "iat"),
		expiresAt: r.wholeNumber(claims, "exp"),
		id:        r.text(claims, "jti"),
		requestID: r.optionalText(claims, "txn"),
	}
	if found.id == "" {
		r.malformed("jti")
	}
	audience, isList := claims["aud"].([]any)
	if !isList {
		audience = []any{claims["aud"]}
	}
	for _, one := range audience {
		text, isText := one.(string)
		if !isText {
			r.malformed("aud")
		}
		found.audience = append(found.audience, text)
	}
	subject, client := r.optionalText(claims, "sub"), r.optionalText(claims, "client_id")
	scope := r.optionalText(claims, "scope")
	if context := r.object(claims, "tctx"); context != nil {
		forwarded := r.object(context, "claims")
		if forwarded == nil {
			forwarded = map[string]any{}
		}
		found.caller = &Caller{r.text(context, "iss"), subject, client, toScopes(scope), forwarded}
	}
	if bound := r.object(claims, "req"); bound != nil {
		found.bound = &boundTo{r.text(bound, "method"), r.text(bound, "target"), r.optionalText(bound, "digest")}
	}
	if r.fault != "" {
		return nil, refuse("claims_malformed", "The claim %s of the assertion is absent or of another type.", r.fault)
	}
	return found, nil
}

func toScopes(scope *string) []string {
	scopes := []string{}
	if scope != nil {
		for _, one := range strings.Split(*scope, " ") {
			if one != "" {
				scopes = append(scopes, one)
			}
		}
	}
	return scopes
}

// --- keys ---

// readKeys passes over keys that can't sign assertions, private ones too: whoever has read the set could sign with
// them. It is nil where no key is left.
func readKeys(text []byte) map[string]crypto.PublicKey {
	set, err := decodeJSON(text)
	if err != nil {
		return nil
	}
	object, _ := set.(map[string]any)
	members, _ := object["keys"].([]any)
	keys := map[string]crypto.PublicKey{}
	for index, member := range members {
		jwk, _ := member.(map[string]any)
		kid, isText := jwk["kid"].(string)
		if _, isKnown := keys[kid]; !isText || isKnown || index >= maxKeys {
			continue
		}
		if key := readKey(jwk); key != nil {
			keys[kid] = key
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return keys
}

func readKey(jwk map[string]any) crypto.PublicKey {
	if _, isPrivate := jwk["d"]; isPrivate {
		return nil
	}
	if use, isThere := jwk["use"]; isThere && use != "sig" {
		return nil
	}
	if operations, isThere := jwk["key_ops"]; isThere {
		list, _ := operations.([]any)
		verifies := false
		for _, one := range list {
			verifies = verifies || one == "verify"
		}
		if !verifies {
			return nil
		}
	}
	alg, hasAlg := jwk["alg"]
	x, y := coordinate(jwk["x"]), coordinate(jwk["y"])
	switch {
	case jwk["kty"] == "EC" && jwk["crv"] == "P-256" && x != nil && y != nil && (!hasAlg || alg == "ES256"):
		key := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
		if key.Curve.IsOnCurve(key.X, key.Y) {
			return key
		}
	case jwk["kty"] == "OKP" && jwk["crv"] == "Ed25519" && x != nil &&
		(!hasAlg || alg == "EdDSA" || alg == "Ed25519"):
		return ed25519.PublicKey(x)
	}
	return nil
}

func coordinate(value any) []byte {
	text, _ := value.(string)
	if !base64URL.MatchString(text) {
		return nil
	}
	bytes, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(bytes) != 32 {
		return nil
	}
	return bytes
}

func checkSignature(key crypto.PublicKey, token *unverifiedAssertion) error {
	isValid := false
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		if token.alg != "ES256" {
			return refuse("algorithm_not_allowed", "The key of the assertion is not for %s.", token.alg)
		}
		if len(token.signature) == 64 {
			digest := sha256.Sum256(token.signed)
			r, s := new(big.Int).SetBytes(token.signature[:32]), new(big.Int).SetBytes(token.signature[32:])
			isValid = ecdsa.Verify(key, digest[:], r, s)
		}
	case ed25519.PublicKey:
		if token.alg == "ES256" {
			return refuse("algorithm_not_allowed", "The key of the assertion is not for %s.", token.alg)
		}
		isValid = len(token.signature) == 64 && ed25519.Verify(key, token.signed, token.signature)
	}
	if !isValid {
		return refuse("signature_invalid", "The signature of the assertion is not one of its key.")
	}
	return nil
}

// fetchedKeys are kept, and fetched anew behind the requests.
type fetchedKeys struct {
	url    string
	now    func() time.Time
	client *http.Client

	lock    sync.Mutex
	keys    map[string]crypto.PublicKey
	seenAt  time.Time
	triedAt time.Time
	flight  chan struct{}
	fault   string // of the last fetch
}

func keysClient(given *http.Client) *http.Client {
	client := http.Client{}
	if given != nil {
		client = *given
	}
	client.Timeout = fetchLimit
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

func (f *fetchedKeys) get(kid *string) (map[string]crypto.PublicKey, error) {
	keys, age, isIdle := f.usable()
	isKnown := kid == nil
	if kid != nil {
		_, isKnown = keys[*kid]
	}
	if keys == nil || !isKnown || isIdle {
		if flight := f.refresh(); flight != nil {
			select {
			case <-flight:
			case <-time.After(fetchLimit):
			}
		}
		keys, _, _ = f.usable()
	} else if age > fresh {
		f.refresh()
	}
	if keys == nil {
		f.lock.Lock()
		defer f.lock.Unlock()
		return nil, refuse("keys_unavailable", "The keys of the gateway could not be fetched: %s.", f.fault)
	}
	return keys, nil
}

// usable keys, their age, and whether nobody called for long. Where the last fetch failed, requests don't wait for the
// next one.
func (f *fetchedKeys) usable() (keys map[string]crypto.PublicKey, age time.Duration, isIdle bool) {
	f.lock.Lock()
	defer f.lock.Unlock()
	age = f.now().Sub(f.seenAt)
	if f.keys == nil || age > staleLimit {
		return nil, 0, false
	}
	return f.keys, age, age > idle && !f.triedAt.After(f.seenAt)
}

// refresh is the fetch that is under way, or a new one, unless one was tried just now.
func (f *fetchedKeys) refresh() chan struct{} {
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.flight != nil {
		return f.flight
	}
	wait := coolDown
	if f.keys == nil || f.now().Sub(f.seenAt) > staleLimit {
		wait = emptyCoolDown
	}
	if f.now().Sub(f.triedAt) < wait {
		return nil
	}
	f.triedAt = f.now()
	flight := make(chan struct{})
	f.flight = flight
	go func() {
		keys, err := f.fetch()
		f.lock.Lock()
		if err == nil {
			f.keys, f.seenAt = keys, f.now()
		} else {
			f.fault = err.Error()
		}
		f.flight = nil
		f.lock.Unlock()
		close(flight)
	}()
	return flight
}

// fetch fails where there are no keys: a set without one must never replace a good one.
func (f *fetchedKeys) fetch() (map[string]crypto.PublicKey, error) {
	response, err := f.client.Get(f.url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxKeysBytes+1))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the URL answers %d", response.StatusCode)
	}
	if keys := readKeys(text); keys != nil && len(text) <= maxKeysBytes {
		return keys, nil
	}
	return nil, errors.New("the URL has no key that signs assertions")
}

// Over http anybody on the way could put keys of their own.
func checkURL(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Hostname() == "" || (parsed.Scheme != "https" &&
		!(parsed.Scheme == "http" && isLoopback(parsed.Hostname()))) {
		return errors.New("claimgate: KeysURL: write an https URL; http is for this machine only")
	}
	if parsed.User != nil {
		return errors.New("claimgate: KeysURL must have no credentials")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (ip != nil && ip.IsLoopback())
}
