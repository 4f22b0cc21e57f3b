import claimgate.ClaimgateOrigin;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs the vectors that are given, and prints each that the verifier does not hold to. */
public class Vectors {
  private static final ObjectMapper JSON = new ObjectMapper();

  private interface Verify {
    ClaimgateOrigin.Verified verify() throws Exception;
  }

  private static JsonNode outcome(Verify verify) throws Exception {
    ObjectNode outcome = JSON.createObjectNode();
    try {
      ClaimgateOrigin.Verified verified = verify.verify();
      ObjectNode accept = outcome.putObject("accept");
      accept.set("caller", JSON.valueToTree(verified.caller()));
      accept.put("request_id", verified.requestId());
      accept.put("id", verified.id());
      accept.put("expires_at", verified.expiresAt());
    } catch (ClaimgateOrigin.Refused refused) {
      outcome.put("refuse", refused.code);
    }
    // As it is written: numbers of 32 and 64 bits are equal then.
    return JSON.readTree(outcome.toString());
  }

  private static void compare(JsonNode vector, JsonNode found) {
    ObjectNode expected = JSON.createObjectNode();
    for (String name : List.of("accept", "refuse"))
      if (vector.has(name)) expected.set(name, vector.get(name));
    if (!found.equals(expected))
      System.out.println(vector.get("id").textValue() + ": " + found + ", not " + expected);
  }

  private static Map<String, List<String>> headersOf(JsonNode vector) {
    Map<String, List<String>> headers = new LinkedHashMap<>();
    for (JsonNode pair : vector.get("request").get("headers"))
      headers.computeIfAbsent(pair.get(0).textValue(), name -> new ArrayList<>()).add(pair.get(1).textValue());
    return headers;
  }

  private static JsonNode assertion(JsonNode file, JsonNode vector) throws Exception {
    var options =
        new ClaimgateOrigin.Options()
            .issuer(file.get("issuer").textValue())
            .audience(file.get("audience").textValue())
            .bind(vector.get("bind").textValue())
            .now(() -> Instant.ofEpochMilli((long) (vector.get("now").doubleValue() * 1000)));
    if (vector.has("keys_url")) options.keys(vector.get("keys_url").textValue());
    else options.keys(file.get("keys"));
    if (vector.has("seen")) {
      List<?> seen = JSON.convertValue(vector.get("seen"), List.class);
      options.replay((id, until) -> !seen.contains(id));
    }
    var verifier = options.verifier();
    JsonNode request = vector.get("request");
    return outcome(
        () ->
            verifier.verify(
                request.get("method").textValue(),
                request.get("target").textValue(),
                headersOf(vector),
                () -> Base64.getDecoder().decode(request.path("body_base64").asText(""))));
  }

  private static List<String> texts(JsonNode list) {
    if (list == null) return null;
    List<String> found = new ArrayList<>();
    for (JsonNode one : list) found.add(one.textValue());
    return found;
  }

  private static JsonNode secret(JsonNode vector) throws Exception {
    Map<String, ClaimgateOrigin.Forwarded> forward = new LinkedHashMap<>();
    vector
        .get("forward")
        .fields()
        .forEachRemaining(
            field ->
                forward.put(
                    field.getKey(),
                    new ClaimgateOrigin.Forwarded(
                        field.getValue().get("header").textValue(), field.getValue().get("as").textValue())));
    var verifier =
        ClaimgateOrigin.secretVerifier(texts(vector.get("secrets")), vector.get("header").textValue(), forward);
    return outcome(() -> verifier.verify("GET", "/", headersOf(vector), null));
  }

  private static void start(JsonNode vector) {
    JsonNode options = vector.get("options");
    try {
      if (vector.get("mode").textValue().equals("assertion")) {
        var given =
            new ClaimgateOrigin.Options()
                .issuer(options.path("issuer").textValue())
                .audience(options.path("audience").textValue())
                .bind(options.path("bind").asText("request"));
        if (options.path("keys").isObject()) given.keys(options.get("keys"));
        else given.keys(options.path("keys").textValue());
        given.verifier();
      } else
        ClaimgateOrigin.secretVerifier(
            texts(options.get("secrets")), options.path("header").textValue(), Map.of());
      System.out.println(vector.get("id").textValue() + ": started");
    } catch (IllegalArgumentException error) {
      // As it should.
    }
  }

  /** One verifier, asked at different times; the test changes what the URL of the keys has. */
  private static void keys(JsonNode file) throws Exception {
    double[] at = {0};
    var verifier =
        new ClaimgateOrigin.Options()
            .issuer(file.get("issuer").textValue())
            .audience(file.get("audience").textValue())
            .keys(file.get("keys_url").textValue())
            .bind("none")
            .now(() -> Instant.ofEpochMilli((long) (at[0] * 1000)))
            .verifier();
    for (JsonNode step : file.get("steps")) {
      at[0] = step.get("now").doubleValue();
      String expected = step.get("expect").textValue();
      Map<String, List<String>> headers = Map.of("Txn-Token", List.of(step.get("token").textValue()));
      long deadline = System.nanoTime() + (step.path("eventually").asBoolean() ? 20_000_000_000L : 0);
      String code;
      while (true) {
        code = outcome(() -> verifier.verify("GET", "/", headers, null)).path("refuse").asText("accept");
        if (code.equals(expected) || System.nanoTime() >= deadline) break;
        Thread.sleep(10);
      }
      if (!code.equals(expected))
        System.out.println(step.get("id").textValue() + ": " + code + ", not " + expected);
    }
    System.out.println(file.get("steps").size() + " steps");
  }

  public static void main(String[] arguments) throws Exception {
    JsonNode file = JSON.readTree(System.in);
    if (file.has("steps")) {
      keys(file);
      return;
    }
    for (JsonNode vector : file.get("assertion")) compare(vector, assertion(file, vector));
    for (JsonNode vector : file.get("secret")) compare(vector, secret(vector));
    for (JsonNode vector : file.get("start")) start(vector);
    int count = file.get("assertion").size() + file.get("secret").size() + file.get("start").size();
    System.out.println(count + " vectors");
  }
}
