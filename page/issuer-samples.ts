/** Programs to copy: a token for a client, and a call with it. The secret is in a variable, never in the text. */
import { quoteWord } from '../cli/text/shell.ts';
import { UNSEEN } from '../cli/text/visible.ts';

export interface SampleValues {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly audience: string;
  /** What is called with the token. */
  readonly url: string;
}

/** A string in JavaScript, Python and Go alike, whatever is in it. */
const literal = (text: string): string =>
  JSON.stringify(text).replace(
    new RegExp(UNSEEN, 'g'),
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

export interface Block {
  readonly title: string;
  readonly code: string;
}

const GET_TOKEN = 'Get a token';
const CALL = 'Call the API with it';

/** The secret is typed where no history keeps it. */
export const READ_SECRET = 'read -rs CLIENT_SECRET && export CLIENT_SECRET';

/** By language. */
export const SAMPLES = {
  curl: ({ tokenEndpoint, clientId, audience, url }) => [
    {
      title: GET_TOKEN,
      code: `curl -s ${quoteWord(tokenEndpoint)} \\
  -u ${quoteWord(`${clientId}:`)}"$CLIENT_SECRET" \\
  -d grant_type=client_credentials \\
  --data-urlencode ${quoteWord(`audience=${audience}`)}`,
    },
    {
      title: `${CALL}: TOKEN is the access_token of the answer`,
      code: `curl -i ${quoteWord(url)} -H "Authorization: Bearer $TOKEN"`,
    },
  ],
  JavaScript: ({ tokenEndpoint, clientId, audience, url }) => [
    {
      title: GET_TOKEN,
      code: `const answer = await fetch(${literal(tokenEndpoint)}, {
  method: 'POST',
  body: new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: ${literal(clientId)},
    client_secret: process.env.CLIENT_SECRET,
    audience: ${literal(audience)},
  }),
});
if (!answer.ok) throw new Error(\`\${answer.status} \${await answer.text()}\`);
const { access_token } = await answer.json();`,
    },
    {
      title: CALL,
      code: `const response = await fetch(${literal(url)}, {
  headers: { Authorization: \`Bearer \${access_token}\` },
});
console.log(response.status, await response.text());`,
    },
  ],
  Python: ({ tokenEndpoint, clientId, audience, url }) => [
    {
      title: GET_TOKEN,
      code: `import json, os
from urllib.parse import urlencode
from urllib.request import Request, urlopen

form = urlencode({
    "grant_type": "client_credentials",
    "client_id": ${literal(clientId)},
    "client_secret": os.environ["CLIENT_SECRET"],
    "audience": ${literal(audience)},
}).encode()
with urlopen(${literal(tokenEndpoint)}, form) as answer:
    token = json.load(answer)["access_token"]`,
    },
    {
      title: CALL,
      code: `request = Request(${literal(url)}, headers={"Authorization": f"Bearer {token}"})
with urlopen(request) as response:
    print(response.status, response.read().decode())`,
    },
  ],
  Go: (values) => [{ title: 'Get a token, and call the API with it', code: goProgram(values) }],
} as const satisfies Readonly<Record<string, (values: SampleValues) => readonly Block[]>>;

export type Language = keyof typeof SAMPLES;

const goProgram = ({ tokenEndpoint, clientId, audience, url }: SampleValues) => `package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
)

func main() {
	answer, err := http.PostForm(${literal(tokenEndpoint)}, url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {${literal(clientId)}},
		"client_secret": {os.Getenv("CLIENT_SECRET")},
		"audience":      {${literal(audience)}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		log.Fatal(answer.Status, " ", string(text))
	}
	var got struct {
		AccessToken string \`json:"access_token"\`
	}
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
		log.Fatal(err)
	}

	request, err := http.NewRequest("GET", ${literal(url)}, nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+got.AccessToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(response.StatusCode, string(body))
}`;
