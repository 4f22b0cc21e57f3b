import com.example.orders.GatewayFilter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import claimgate.ClaimgateOrigin;
import jakarta.servlet.FilterChain;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Asks the filter of docs/origin-code.md as a container would: a line of target and headers, a line of answer. */
public class FilterRunner {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    GatewayFilter filter = new GatewayFilter();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonNode asked = JSON.readTree(line);
      String[] target = asked.get(0).textValue().split("\\?", 2);
      Map<String, Object> attributes = new HashMap<>();
      HttpServletRequest request =
          proxy(
              HttpServletRequest.class,
              (name, given) ->
                  switch (name) {
                    case "getMethod" -> "GET";
                    case "getRequestURI" -> target[0];
                    case "getQueryString" -> target.length == 2 ? target[1] : null;
                    case "getHeaderNames" -> Collections.enumeration(names(asked.get(1)));
                    case "getHeaders" -> Collections.enumeration(
                        List.of(asked.get(1).get((String) given[0]).textValue()));
                    case "setAttribute" -> attributes.put((String) given[0], given[1]);
                    default -> null;
                  });
      Map<String, Object> answer = new HashMap<>(Map.of("status", 200));
      StringWriter body = new StringWriter();
      HttpServletResponse response =
          proxy(
              HttpServletResponse.class,
              (name, given) ->
                  switch (name) {
                    case "setStatus" -> answer.put("status", given[0]);
                    case "setContentType" -> answer.put("type", given[0]);
                    case "getWriter" -> new PrintWriter(body, true);
                    default -> null;
                  });
      FilterChain chain =
          (asking, answering) -> {
            ClaimgateOrigin.Verified verified = (ClaimgateOrigin.Verified) attributes.get("verified");
            body.write(JSON.writeValueAsString(verified.caller()));
          };
      filter.doFilter(request, response, chain);
      List<Object> printed = new ArrayList<>();
      printed.add(answer.get("status"));
      printed.add(answer.get("type"));
      printed.add(body.toString());
      System.out.println(JSON.writeValueAsString(printed));
    }
  }

  private interface Call {
    Object of(String name, Object[] given) throws Exception;
  }

  private static <T> T proxy(Class<T> type, Call call) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(), new Class<?>[] {type}, (self, method, given) -> {
              Object found = call.of(method.getName(), given);
              return method.getReturnType() == void.class ? null : found;
            }));
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }
}
