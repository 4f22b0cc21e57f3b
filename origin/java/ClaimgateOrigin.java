package claimgate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Checks that a request came by way of claimgate, and reads who calls. Copy this file.
 *
 * <pre>
 * var verifier = new ClaimgateOrigin.Options()
 *     .issuer("https://api.example.com")
 *     .audience("orders.internal.example")
 *     .keys("https://api.example.com/.well-known/claimgate/jwks.json")
 *     .verifier();
 * Verified verified = verifier.verify("GET", "/orders?id=1", headers, null); // throws Refused
 * </pre>
 *
 * It needs Java 17 and Jackson. The checks and their codes are those of docs/assertion.md, and
 * docs/assertion-vectors.json shows that they hold.
 */
public final class ClaimgateOrigin {
  private ClaimgateOrigin() {}

  private static final String HEADER = "txn-token";
  private static final int MAX_LENGTH = 16_384;
  private static final long MAX_LIFETIME_SECONDS = 120;
  private static final double MAX_SAFE_INTEGER = 9_007_199_254_740_991.0;
  private static final int MAX_KEYS = 100;
  private static final int MAX_KEYS_BYTES = 65_536;

  /** Older keys are fetched anew, behind the request that finds out. */
  private static final Duration FRESH = Duration.ofMinutes(5);

  /** Keys that are older still are fetched before they are used: nobody called. */
  private static final Duration IDLE = Duration.ofMinutes(10);

  /** So long keys are used while they can't be fetched. */
  private static final Duration STALE_LIMIT = Duration.ofHours(24);

  /** At most one fetch in this time, whatever kids are asked for. */
  private static final Duration COOL_DOWN = Duration.ofSeconds(30);

  /** The same while there are no keys at all. */
  private static final Duration EMPTY_COOL_DOWN = Duration.ofSeconds(1);

  private static final Duration FETCH_LIMIT = Duration.ofSeconds(5);

  private static final Pattern BASE64URL = Pattern.compile("[A-Za-z0-9_-]+");
  private static final Pattern TYPE =
      Pattern.compile("(?:application/)?txntoken\\+jwt", Pattern.CASE_INSENSITIVE);
  /**
   * Half a character has no bytes in UTF-8: two different texts would be one in other languages. Looked for in the text,
   * since of two members with one name only the last is in the value.
   */
  private static final Pattern PAIRS_AND_OTHER_ESCAPES =
      Pattern.compile("\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\\\[^u]");

  private static final Pattern SURROGATE = Pattern.compile("\\\\u[dD][89a-fA-F]");
  private static final Pattern SECRET = Pattern.compile("[\\x21-\\x7e](?:[\\x20-\\x7e]*[\\x21-\\x7e])?");
  private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** The request is refused. The code is one of docs/assertion.md or secret_mismatch; the text is for the log. */
  public static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;
    public final String code;

    Refused(String code, String sentence) {
      super(sentence);
      this.code = code;
    }

    /** Where the keys can't be had, the client is not at fault. */
    public int status() {
      return code.equals("keys_unavailable") ? 503 : 401;
    }

    /** The body of the answer: application/problem+json. */
    public String problem() {
      String title = status() == 503 ? "Keys of the gateway unavailable" : "Not from the gateway";
      return "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\"}"
          .formatted(title, status(), code);
    }
  }

  /** Who calls, as the gateway verified it. Subject and client may be null. Users are keyed by issuer and subject. */
  public record Caller(
      String issuer, String subject, String client, List<String> scopes, Map<String, Object> claims) {
    /** One name for a user: subjects of two issuers may be equal. */
    public String userKey() {
      if (subject == null) throw new IllegalStateException("the caller has no subject: it is no user");
      return JSON.createArrayNode().add(issuer).add(subject).toString();
    }
  }

  /** Caller is null where the request had no token; id and expiresAt are those of an assertion, else null. */
  public record Verified(Caller caller, String requestId, String id, Long expiresAt) {}

  /** Remembers an id until then. Where it throws, the request is not let in. */
  @FunctionalInterface
  public interface Replay {
    boolean isNew(String id, Instant rememberUntil);
  }

  /** The bytes of a body, read last and only where they must be bound. */
  @FunctionalInterface
  public interface Body {
    byte[] read() throws IOException;
  }

  @FunctionalInterface
  public interface Verifier {
    /**
     * @param target path and query as they came, neither decoded nor written anew
     * @param headers each name with its values
     * @param body null stands for none
     * @throws Refused with the code of docs/assertion.md
     */
    Verified verify(String method, String target, Map<String, List<String>> headers, Body body) throws IOException;
  }

  /** Issuer, audience and keys are needed: without one, verifier() throws. Better no service than an open one. */
  public static final class Options {
    private String issuer;
    private String audience;
    private String keysUrl;
    private JsonNode keySet;
    private String bind = "request";
    private Replay replay;
    private Duration clockSkew = Duration.ofSeconds(5);
    private Supplier<Instant> now = Instant::now;

    public Options issuer(String value) {
      issuer = value;
      return this;
    }

    public Options audience(String value) {
      audience = value;
      return this;
    }

    /** An https URL. */
    public Options keys(String url) {
      keysUrl = url;
      return this;
    }

    /** A JWK Set, in place of a URL. */
    public Options keys(JsonNode set) {
      keySet = set;
      return this;
    }

    /** "request" (method and target, the default), "body" (also the body), or "none". */
    public Options bind(String value) {
      bind = value;
      return this;
    }

    public Options replay(Replay value) {
      replay = value;
      return this;
    }

    /** At most a minute. */
    public Options clockSkew(Duration value) {
      clockSkew = value;
      return this;
    }

    public Options now(Supplier<Instant> value) {
      now = value;
      return this;
    }

    public Verifier verifier() {
      demandText("issuer", issuer);
      demandText("audience", audience);
      if (!List.of("request", "body", "none").contains(bind))
        throw new IllegalArgumentException("bind: write \"request\", \"body\" or \"none\"");
      if (clockSkew.isNegative() || clockSkew.compareTo(Duration.ofMinutes(1)) > 0)
        throw new IllegalArgumentException("clockSkew: write a duration up to one minute");
      if (replay != null && bind.equals("none"))
        throw new IllegalArgumentException("replay: unbound assertions are sent many times; leave it out");
      if (keySet == null) return new AssertionVerifier(this, new FetchedKeys(demandUrl(keysUrl), now)::get);
      Map<String, Key> keys = readKeys(keySet);
      if (keys == null)
        throw new IllegalArgumentException("keys: the set has no public ES256 or Ed25519 key with a kid");
      return new AssertionVerifier(this, kid -> keys);
    }
  }

  private interface KeySource {
    Map<String, Key> get(String kid);
  }

  private static final class AssertionVerifier implements Verifier {
    private final Options options;
    private final KeySource source;

    AssertionVerifier(Options options, KeySource source) {
      this.options = options;
      this.source = source;
    }

    @Override
    public Verified verify(String method, String target, Map<String, List<String>> headers, Body body)
        throws IOException {
      Assertion assertion = readAssertion(headers);
      Map<String, Key> keys = source.get(assertion.kid);
      Key key = assertion.kid == null ? null : keys.get(assertion.kid);
      if (key == null)
        throw new Refused("key_unknown", "The gateway publishes no key with the kid of the assertion.");
      checkSignature(key, assertion);
      Claims claims = new Claims(assertion.unverifiedClaims);
      if (!claims.issuer.equals(options.issuer))
        throw new Refused(
            "issuer_mismatch", "The assertion is of another issuer than " + quote(options.issuer) + ".");
      if (!claims.audience.equals(List.of(options.audience)))
        throw new Refused(
            "audience_mismatch",
            "The assertion is for another audience than " + quote(options.audience) + ", or for more than one.");
      checkTimes(claims);
      checkBinding(claims, method, target, body);
      if (options.replay != null
          && !options.replay.isNew(claims.id, Instant.ofEpochSecond(claims.expiresAt).plus(options.clockSkew)))
        throw new Refused("replayed", "The assertion was used before.");
      return new Verified(claims.caller, claims.requestId, claims.id, claims.expiresAt);
    }

    private void checkTimes(Claims claims) {
      Instant here = options.now.get();
      double now = here.toEpochMilli() / 1000.0;
      double skew = options.clockSkew.toMillis() / 1000.0;
      if (claims.expiresAt - claims.issuedAt > MAX_LIFETIME_SECONDS)
        throw new Refused(
            "lifetime_too_long", "The assertion lives longer than " + MAX_LIFETIME_SECONDS + " s.");
      if (claims.issuedAt - now > skew)
        throw new Refused(
            "not_yet_valid",
            "The assertion is valid from " + instant(claims.issuedAt) + "; it is " + here + " here.");
      if (now - claims.expiresAt >= skew)
        throw new Refused(
            "expired", "The assertion ended at " + instant(claims.expiresAt) + "; it is " + here + " here.");
    }

    private void checkBinding(Claims claims, String method, String target, Body body) throws IOException {
      JsonNode bound = claims.bound;
      if (bound == null) {
        if (!options.bind.equals("none")) throw new Refused("unbound", "The assertion is bound to no request.");
        return;
      }
      // Whatever bind is: the gateway said it of one request.
      if (!bound.get("method").textValue().equals(method))
        throw new Refused(
            "method_mismatch", "The assertion is for " + bound.get("method") + ", not " + quote(method) + ".");
      if (!bound.get("target").textValue().equals(target))
        throw new Refused(
            "target_mismatch", "The assertion is for " + bound.get("target") + ", not " + quote(target) + ".");
      if (!options.bind.equals("body")) return;
      byte[] digest = sha256(body == null ? new byte[0] : body.read());
      String expected = "sha-256=:" + Base64.getEncoder().encodeToString(digest) + ":";
      if (!bound.has("digest") || !bound.get("digest").textValue().equals(expected))
        throw new Refused("body_mismatch", "The assertion is for another body.");
    }
  }

  /** An entry of the policy's forward: as is "text", "list" or "json". */
  public record Forwarded(String header, String as) {}

  /**
   * For APIs without assertion: the secret of origin_headers, and the caller out of claim headers. A secret binds a
   * request to nothing: whoever has read it can send any.
   *
   * @param secrets one, or two during a rotation, of 16 characters or more
   */
  public static Verifier secretVerifier(List<String> secrets, String header, Map<String, Forwarded> forward) {
    if (secrets == null || secrets.isEmpty() || secrets.size() > 2)
      throw new IllegalArgumentException("secrets: write one secret, or two during a rotation");
    List<byte[]> expected = new ArrayList<>();
    for (String secret : secrets) {
      demandText("secrets[" + expected.size() + "]", secret);
      if (!SECRET.matcher(secret).matches())
        throw new IllegalArgumentException("secrets: one has blanks at an end, or characters beyond ASCII");
      if (secret.length() < 16)
        throw new IllegalArgumentException("secrets: one has less than 16 characters");
      expected.add(sha256(secret.getBytes(StandardCharsets.UTF_8)));
    }
    if (header == null || !HEADER_NAME.matcher(header).matches())
      throw new IllegalArgumentException("header: write the name of the header that has the secret");
    forward.forEach(
        (claim, field) -> {
          if (!HEADER_NAME.matcher(field.header).matches() || !List.of("text", "list", "json").contains(field.as))
            throw new IllegalArgumentException("forward: write " + claim + " as the policy has it");
        });
    return (method, target, headers, body) -> {
      byte[] given = sha256(oneValue(headers, header).getBytes(StandardCharsets.UTF_8));
      boolean fits = false;
      for (byte[] one : expected) fits |= MessageDigest.isEqual(given, one); // all, whichever fits
      if (!fits) throw new Refused("secret_mismatch", "The secret in " + header + " is another one.");
      Map<String, Object> claims = new LinkedHashMap<>();
      forward.forEach(
          (claim, field) -> {
            String value = readOne(headers, field.header);
            if (value != null) claims.put(claim, decode(value, field));
          });
      String issuer = readText(headers, "x-claim-iss");
      String subject = readText(headers, "x-claim-sub");
      String client = readText(headers, "x-claim-client-id");
      List<String> scopes = toScopes(readOne(headers, "x-claim-scope"));
      Caller caller = issuer == null ? null : new Caller(issuer, subject, client, scopes, claims);
      return new Verified(caller, readOne(headers, "x-request-id"), null, null);
    };
  }

  /** Ids in the memory of this process. Full of ids that have not ended, it throws: none is forgotten early. */
  public static final class ReplayMemory implements Replay {
    private final int maxEntries;
    private final Supplier<Instant> now;
    private final Map<String, Instant> ends = new HashMap<>();
    private Instant sweptAt = Instant.EPOCH;

    public ReplayMemory(int maxEntries, Supplier<Instant> now) {
      this.maxEntries = maxEntries;
      this.now = now;
    }

    @Override
    public synchronized boolean isNew(String id, Instant rememberUntil) {
      Instant here = now.get();
      if (Duration.between(sweptAt, here).compareTo(Duration.ofSeconds(1)) >= 0) {
        ends.values().removeIf(end -> !end.isAfter(here));
        sweptAt = here;
      }
      if (ends.containsKey(id)) return false;
      if (ends.size() >= maxEntries)
        throw new IllegalStateException("the memory of ids is full: raise maxEntries (" + maxEntries + ")");
      ends.put(id, rememberUntil);
      return true;
    }
  }

  // --- reading ---

  private static List<String> valuesOf(Map<String, List<String>> headers, String name) {
    List<String> found = new ArrayList<>();
    headers.forEach(
        (key, values) -> {
          if (key.equalsIgnoreCase(name)) found.addAll(values);
        });
    return found;
  }

  private static String oneValue(Map<String, List<String>> headers, String name) {
    List<String> values = valuesOf(headers, name);
    if (values.size() > 1)
      throw new Refused("several", "The request has " + values.size() + " headers " + name + ".");
    if (values.isEmpty() || values.get(0).isEmpty())
      throw new Refused("missing", "The request has no header " + name + ".");
    return values.get(0);
  }

  private record Assertion(
      String alg, String kid, JsonNode unverifiedClaims, byte[] signed, byte[] signature) {}

  private static Assertion readAssertion(Map<String, List<String>> headers) {
    String token = oneValue(headers, HEADER);
    if (token.contains(",")) // servers join headers of one name with a comma
      throw new Refused("several", "The header " + HEADER + " has more than one value.");
    if (token.length() > MAX_LENGTH)
      throw new Refused("too_large", "The assertion is longer than " + MAX_LENGTH + " characters.");
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3 || !Arrays.stream(parts).allMatch(ClaimgateOrigin::isBase64Url))
      throw new Refused("malformed", "The assertion is not three parts of base64url.");
    JsonNode header = readObject(parts[0], "header");
    JsonNode claims = readObject(parts[1], "payload");
    if (header.has("crit")) throw new Refused("critical_unsupported", "The assertion has critical headers.");
    String typ = header.path("typ").textValue();
    if (typ == null || !TYPE.matcher(typ).matches())
      throw new Refused("type_not_allowed", "The type of the assertion is not txntoken+jwt.");
    String alg = header.path("alg").textValue();
    if (alg == null || !List.of("ES256", "EdDSA", "Ed25519").contains(alg))
      throw new Refused(
          "algorithm_not_allowed", "The algorithm of the assertion is not ES256, EdDSA or Ed25519.");
    byte[] signed = (parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII);
    return new Assertion(alg, header.path("kid").textValue(), claims, signed, fromBase64Url(parts[2]));
  }

  /** Without padding. The bits that the last character has too many are zero: one spelling each. */
  private static boolean isBase64Url(String text) {
    if (!BASE64URL.matcher(text).matches()) return false;
    char last = text.charAt(text.length() - 1);
    switch (text.length() % 4) {
      case 0:
        return true;
      case 2:
        return "AQgw".indexOf(last) >= 0;
      case 3:
        return "AEIMQUYcgkosw048".indexOf(last) >= 0;
      default:
        return false;
    }
  }

  private static byte[] fromBase64Url(String text) {
    return Base64.getUrlDecoder().decode(text);
  }

  private static JsonNode readObject(String part, String name) {
    try {
      String text = decodeUtf8(fromBase64Url(part));
      boolean hasHalf = SURROGATE.matcher(PAIRS_AND_OTHER_ESCAPES.matcher(text).replaceAll("-")).find();
      JsonNode value = JSON.readTree(text);
      if (value.isObject() && !hasHalf) return value;
    } catch (JsonProcessingException | CharacterCodingException error) {
      // No UTF-8, or no JSON.
    }
    throw new Refused("malformed", "The " + name + " of the assertion is not a JSON object.");
  }

  private static String decodeUtf8(byte[] bytes) throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString(); // reports faults
  }

  /** What an assertion says, with the types that docs/assertion.md gives its claims. */
  private static final class Claims {
    final String issuer;
    final List<String> audience = new ArrayList<>();
    final long issuedAt;
    final long expiresAt;
    final String id;
    final String requestId;
    final Caller caller;
    final JsonNode bound;

    Claims(JsonNode claims) {
      issuer = text(claims, "iss");
      JsonNode aud = claims.path("aud");
      for (JsonNode one : aud.isArray() ? aud : JSON.createArrayNode().add(aud))
        audience.add(one.isTextual() ? one.textValue() : malformed("aud"));
      issuedAt = wholeNumber(claims, "iat");
      expiresAt = wholeNumber(claims, "exp");
      id = text(claims, "jti");
      if (id.isEmpty()) malformed("jti");
      requestId = optionalText(claims, "txn");
      caller = readCaller(claims);
      bound = object(claims, "req");
      if (bound != null) {
        text(bound, "method");
        text(bound, "target");
        optionalText(bound, "digest");
      }
    }

    @SuppressWarnings("unchecked")
    private static Caller readCaller(JsonNode claims) {
      String subject = optionalText(claims, "sub");
      String client = optionalText(claims, "client_id");
      List<String> scopes = toScopes(optionalText(claims, "scope"));
      JsonNode context = object(claims, "tctx");
      if (context == null) return null;
      JsonNode forwarded = object(context, "claims");
      Map<String, Object> values =
          forwarded == null ? Map.of() : JSON.convertValue(forwarded, LinkedHashMap.class);
      return new Caller(text(context, "iss"), subject, client, scopes, values);
    }

    private static <T> T malformed(String name) {
      throw new Refused(
          "claims_malformed", "The claim " + name + " of the assertion is absent or of another type.");
    }

    private static String optionalText(JsonNode claims, String name) {
      JsonNode value = claims.get(name);
      if (value == null) return null;
      return value.isTextual() ? value.textValue() : malformed(name);
    }

    private static String text(JsonNode claims, String name) {
      String value = optionalText(claims, name);
      return value == null ? malformed(name) : value;
    }

    private static long wholeNumber(JsonNode claims, String name) {
      JsonNode value = claims.path(name);
      double number = value.isNumber() ? value.doubleValue() : Double.NaN;
      boolean isWhole = number == Math.rint(number) && Math.abs(number) <= MAX_SAFE_INTEGER;
      return isWhole ? (long) number : ClaimgateOrigin.Claims.<Long>malformed(name);
    }

    private static JsonNode object(JsonNode claims, String name) {
      JsonNode value = claims.get(name);
      return value == null || value.isObject() ? value : malformed(name);
    }
  }

  private static List<String> toScopes(String scope) {
    if (scope == null) return List.of();
    return Arrays.stream(scope.split(" ")).filter(one -> !one.isEmpty()).toList();
  }

  private static String instant(long seconds) {
    // Instant has years to 1,000,000,000.
    return Math.abs(seconds) < 8_640_000_000_000L ? Instant.ofEpochSecond(seconds).toString() : seconds + " s";
  }

  /** Escapes control characters: sentences go into logs. */
  private static String quote(String text) {
    return JSON.getNodeFactory().textNode(text).toString();
  }

  private static String readOne(Map<String, List<String>> headers, String name) {
    List<String> values = valuesOf(headers, name);
    if (values.size() > 1) headerMalformed(name);
    return values.isEmpty() || values.get(0).isEmpty() ? null : values.get(0);
  }

  private static String readText(Map<String, List<String>> headers, String name) {
    String value = readOne(headers, name);
    return value == null ? null : decodeText(value, name);
  }

  private static Object decode(String value, Forwarded field) {
    switch (field.as) {
      case "list":
        return Arrays.stream(value.split(",", -1)).map(item -> decodeText(item, field.header)).toList();
      case "json":
        try {
          return JSON.readValue(value, Object.class);
        } catch (JsonProcessingException error) {
          return headerMalformed(field.header);
        }
      default:
        return decodeText(value, field.header);
    }
  }

  /** Not URLDecoder: a + is a +. The gateway encodes commas: one that stands there joins two headers. */
  private static String decodeText(String value, String name) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      for (int at = 0; at < value.length(); at++) {
        char c = value.charAt(at);
        if (c < ' ' || c > '~' || c == ',') return headerMalformed(name);
        if (c != '%') bytes.write(c);
        else {
          bytes.write(HexFormat.fromHexDigits(value, at + 1, at + 3));
          at += 2;
        }
      }
      return decodeUtf8(bytes.toByteArray());
    } catch (IllegalArgumentException | IndexOutOfBoundsException | CharacterCodingException error) {
      return headerMalformed(name);
    }
  }

  private static <T> T headerMalformed(String name) {
    throw new Refused("claims_malformed", "The header " + name + " is not as the gateway writes it.");
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error); // every Java has it
    }
  }

  // --- keys ---

  private record Key(PublicKey key, boolean isEdwards) {}

  /**
   * Keys that can't sign assertions are passed over, private ones too: whoever has read the set could sign with them.
   *
   * @return null where no key is left
   */
  private static Map<String, Key> readKeys(JsonNode set) {
    Map<String, Key> keys = new HashMap<>();
    JsonNode members = set.path("keys");
    for (int index = 0; members.isArray() && index < Math.min(members.size(), MAX_KEYS); index++) {
      JsonNode jwk = members.get(index);
      String kid = jwk.path("kid").textValue();
      Key key = kid == null ? null : readKey(jwk);
      if (key != null) keys.putIfAbsent(kid, key);
    }
    return keys.isEmpty() ? null : keys;
  }

  /** What comes before the point of a key of each kind, in its DER form (RFC 5480, RFC 8410). */
  private static final String EC_PREFIX = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";

  private static final String ED_PREFIX = "302a300506032b6570032100";

  private static Key readKey(JsonNode jwk) {
    if (jwk.has("d") || (jwk.has("use") && !"sig".equals(jwk.get("use").textValue()))) return null;
    if (jwk.has("key_ops")) {
      boolean verifies = false;
      for (JsonNode one : jwk.get("key_ops")) verifies |= "verify".equals(one.textValue());
      if (!verifies) return null;
    }
    String kind = jwk.path("kty").textValue() + " " + jwk.path("crv").textValue();
    String alg = jwk.has("alg") ? String.valueOf(jwk.get("alg").textValue()) : null;
    String x = coordinate(jwk, "x");
    String y = coordinate(jwk, "y");
    try {
      if (kind.equals("EC P-256") && x != null && y != null && (alg == null || alg.equals("ES256")))
        return new Key(importKey("EC", EC_PREFIX + x + y), false);
      if (kind.equals("OKP Ed25519") && x != null && (alg == null || List.of("EdDSA", "Ed25519").contains(alg)))
        return new Key(importKey("Ed25519", ED_PREFIX + x), true);
    } catch (GeneralSecurityException error) {
      // No point of its curve.
    }
    return null;
  }

  private static PublicKey importKey(String kind, String hex) throws GeneralSecurityException {
    return KeyFactory.getInstance(kind).generatePublic(new X509EncodedKeySpec(HexFormat.of().parseHex(hex)));
  }

  /** In hexadecimal digits. */
  private static String coordinate(JsonNode jwk, String name) {
    String text = jwk.path(name).textValue();
    if (text == null || text.length() != 43 || !isBase64Url(text)) return null;
    return HexFormat.of().formatHex(fromBase64Url(text));
  }

  private static void checkSignature(Key key, Assertion assertion) {
    if (key.isEdwards == assertion.alg.equals("ES256"))
      throw new Refused("algorithm_not_allowed", "The key of the assertion is not for " + assertion.alg + ".");
    byte[] bytes = assertion.signature;
    boolean isValid = false;
    // Java 17 before 17.0.3 takes zeros for a signature of anything (CVE-2022-21449).
    if (bytes.length == 64 && (key.isEdwards || !(isZero(bytes, 0) || isZero(bytes, 32)))) {
      try {
        Signature signature = Signature.getInstance(key.isEdwards ? "Ed25519" : "SHA256withECDSAinP1363Format");
        signature.initVerify(key.key);
        signature.update(assertion.signed);
        isValid = signature.verify(bytes);
      } catch (GeneralSecurityException error) {
        // A signature that can't be read is none.
      }
    }
    if (!isValid)
      throw new Refused("signature_invalid", "The signature of the assertion is not one of its key.");
  }

  private static boolean isZero(byte[] bytes, int from) {
    return Arrays.equals(bytes, from, from + 32, new byte[32], 0, 32);
  }

  /** Fetched once, kept, and fetched anew behind the requests. */
  private static final class FetchedKeys {
    private record Held(Map<String, Key> keys, Instant seenAt) {}

    private final URI url;
    private final Supplier<Instant> now;
    private volatile Held held;
    private volatile String fault = "there is no answer yet"; // of the last fetch
    private Instant triedAt = Instant.MIN;
    private CompletableFuture<Void> flight;

    FetchedKeys(URI url, Supplier<Instant> now) {
      this.url = url;
      this.now = now;
    }

    Map<String, Key> get(String kid) {
      Held first = usable();
      if (first == null || (kid != null && !first.keys.containsKey(kid)) || isIdle(first)) waitFor(refresh());
      else if (isOlder(first.seenAt, FRESH)) refresh();
      Held found = usable();
      if (found == null) throw new Refused("keys_unavailable", "The keys of the gateway could not be fetched: " + fault + ".");
      return found.keys;
    }

    /** Where the last fetch failed, requests don't wait for the next one. */
    private synchronized boolean isIdle(Held found) {
      return isOlder(found.seenAt, IDLE) && !triedAt.isAfter(found.seenAt);
    }

    private Held usable() {
      Held found = held;
      return found != null && !isOlder(found.seenAt, STALE_LIMIT) ? found : null;
    }

    private boolean isOlder(Instant then, Duration limit) {
      return then.equals(Instant.MIN) || Duration.between(then, now.get()).compareTo(limit) > 0;
    }

    /** The fetch that is under way, or a new one; null where one was tried just now. */
    private synchronized CompletableFuture<Void> refresh() {
      if (flight != null && !flight.isDone() && !isOlder(triedAt, FETCH_LIMIT)) return flight;
      if (!isOlder(triedAt, usable() == null ? EMPTY_COOL_DOWN : COOL_DOWN)) return null;
      triedAt = now.get();
      flight = new CompletableFuture<>();
      CompletableFuture<Void> started = flight;
      Thread thread =
          new Thread(
              () -> {
                try {
                  held = new Held(fetch(), now.get());
                } catch (IOException | InterruptedException | RuntimeException error) {
                  fault = error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
                  // The keys at hand stay.
                } finally {
                  started.complete(null);
                }
              },
              "claimgate-keys");
      thread.setDaemon(true);
      thread.start();
      return started;
    }

    private static void waitFor(CompletableFuture<Void> work) {
      if (work == null) return;
      try {
        work.get(FETCH_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException error) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException | TimeoutException error) {
        // The keys at hand, if there are any.
      }
    }

    /** A set without a key must never replace a good one: it throws. */
    private Map<String, Key> fetch() throws IOException, InterruptedException {
      // It does not follow redirects unless told to.
      HttpClient client = HttpClient.newBuilder().connectTimeout(FETCH_LIMIT).build();
      HttpRequest request =
          HttpRequest.newBuilder(url).timeout(FETCH_LIMIT).header("accept", "application/json").build();
      HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream stream = response.body()) {
        byte[] bytes = stream.readNBytes(MAX_KEYS_BYTES + 1);
        if (response.statusCode() != 200) throw new IOException("the URL answers " + response.statusCode());
        Map<String, Key> keys = bytes.length > MAX_KEYS_BYTES ? null : readKeys(JSON.readTree(bytes));
        if (keys == null) throw new IOException("the URL has no key that signs assertions");
        return keys;
      } catch (JsonProcessingException error) {
        throw new IOException("the URL answers no JSON"); // its message has parts of the text
      }
    }
  }

  // --- options ---

  private static String demandText(String name, String value) {
    if (value == null || value.isBlank())
      throw new IllegalArgumentException(
          name + ": the verifier needs it; it is " + (value == null ? "not set" : "empty"));
    if (!value.equals(value.strip()))
      throw new IllegalArgumentException(name + ": it has blanks or line breaks at an end");
    return value;
  }

  /** Over http anybody on the way could put keys of their own. */
  private static URI demandUrl(String value) {
    URI url;
    try {
      url = URI.create(demandText("keys", value));
    } catch (IllegalArgumentException error) {
      throw new IllegalArgumentException("keys: write an https URL", error);
    }
    String host = url.getHost() == null ? "" : url.getHost();
    boolean isLoopback = host.matches("localhost|.*\\.localhost|127\\.\\d+\\.\\d+\\.\\d+|\\[::1\\]");
    boolean isAllowed = "https".equals(url.getScheme()) || ("http".equals(url.getScheme()) && isLoopback);
    if (host.isEmpty() || !isAllowed)
      throw new IllegalArgumentException("keys: write an https URL; http is for this machine only");
    if (url.getUserInfo() != null) throw new IllegalArgumentException("keys: the URL must have no credentials");
    return url;
  }
}
