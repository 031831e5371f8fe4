// Apollo Client, urql and graphql-ws as they come, against the server at URL. What they do is told on standard output, and
// whatever is not as it should be ends the process with an error.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client/core";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { cacheExchange, createClient as createUrqlClient, fetchExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient as createSocketClient } from "graphql-ws";
import WebSocket from "ws";

const { URL: url, TOKEN: token, STUDENT: student } = process.env;
const authorization = `Bearer ${token}`;
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

const PROFILE = "query Profile($id: ID) { studentProfile(id: $id) { id version overallAverageScore } }";
const FOLLOW =
  "subscription Follow($id: ID!) { performanceUpdated(studentId: $id) { id version overallAverageScore } }";
const RECORD =
  "mutation Record($input: RecordQuizAttemptInput!) { recordQuizAttempt(input: $input) { outcome fact { id } } }";

const attempt = (sourcedId, percentage) => ({
  student: { id: student },
  sourcedId,
  quiz: { sourcedId: "q" },
  completedAt: "2026-03-01T10:00:00Z",
  score: { percentage },
});

// The requests as they are sent, to see that a hash is enough the second time.
const sent = [];
const watchedFetch = async (input, init) => {
  const response = await fetch(input, init);
  sent.push({ method: init?.method ?? "GET", url: String(input), body: init?.body, status: response.status });
  return response;
};

// Values of a stream in their order, for whoever awaits the next.
const queue = () => {
  const values = [];
  const waiting = [];
  return {
    put: (value) => (waiting.length > 0 ? waiting.shift()(value) : values.push(value)),
    next: () => (values.length > 0 ? Promise.resolve(values.shift()) : new Promise((take) => waiting.push(take))),
  };
};

const shows = async (values, average) => {
  for (;;) {
    const profile = (await values.next()).performanceUpdated;
    if (profile.overallAverageScore === average) return profile.version;
  }
};

const socket = createSocketClient({
  url: `${url.replace("http", "ws")}/graphql`,
  webSocketImpl: WebSocket,
  connectionParams: async () => ({ authorization }),
  retryAttempts: 100,
  retryWait: () => new Promise((done) => setTimeout(done, 50)),
  shouldRetry: () => true,
});

const http = new HttpLink({ uri: `${url}/graphql`, headers: { authorization }, fetch: watchedFetch });
const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ operationType }) => operationType === "subscription",
    new GraphQLWsLink(socket),
    ApolloLink.from([persisted, http]),
  ),
});

const urql = createUrqlClient({
  url: `${url}/graphql`,
  preferGetMethod: false,
  fetch: watchedFetch,
  fetchOptions: { headers: { authorization } },
  exchanges: [
    cacheExchange,
    persistedExchange({ generateHash: async (query) => sha256(query), preferGetForPersistedQueries: true }),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (request) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe({ ...request, query: request.query ?? "" }, sink),
        }),
      }),
    }),
  ],
});

const throughApollo = async () => {
  const query = gql(PROFILE);
  const ask = () => apollo.query({ query, variables: { id: student }, fetchPolicy: "network-only" });
  assert.equal((await ask()).data.studentProfile.overallAverageScore, null);
  sent.length = 0;
  assert.equal((await ask()).data.studentProfile.overallAverageScore, null);
  assert.equal(sent.length, 1);
  assert.equal(sent[0].method, "GET");
  assert.ok(!sent[0].url.includes("Profile%28"), "the document is not sent again");
  const mutation = gql(RECORD);
  const { data } = await apollo.mutate({ mutation, variables: { input: attempt("a", "60") } });
  assert.equal(data.recordQuizAttempt.outcome, "CREATED");
  await assert.rejects(apollo.query({ query: gql("{ nothing }") }), /nothing/);
};

const throughUrql = async () => {
  const ask = () => urql.query(PROFILE, { id: student }, { requestPolicy: "network-only" }).toPromise();
  assert.equal((await ask()).data.studentProfile.id.startsWith("profile:"), true);
  sent.length = 0;
  assert.equal((await ask()).error, undefined);
  assert.deepEqual(sent.map(({ method, status }) => [method, status]), [["GET", 200]]);
  const written = await urql.mutation(RECORD, { input: attempt("b", "80") }).toPromise();
  assert.equal(written.data.recordQuizAttempt.outcome, "CREATED");
  const refused = await urql.mutation(RECORD, { input: attempt("c", "1000") }).toPromise();
  assert.equal(refused.error.graphQLErrors[0].extensions.code, "BAD_USER_INPUT");
};

const follow = () => {
  const [ofApollo, ofUrql, ofSocket] = [queue(), queue(), queue()];
  const variables = { id: student };
  apollo.subscribe({ query: gql(FOLLOW), variables }).subscribe(({ data }) => data && ofApollo.put(data));
  urql.subscription(FOLLOW, variables).subscribe(({ data }) => data && ofUrql.put(data));
  socket.subscribe({ query: FOLLOW, variables }, {
    next: ({ data }) => ofSocket.put(data),
    error: (error) => assert.fail(JSON.stringify(error)),
    complete: () => {},
  });
  return [ofApollo, ofUrql, ofSocket];
};

const line = () => new Promise((done) => process.stdin.once("data", done));

await throughApollo();
await throughUrql();
const followed = follow();
const before = await Promise.all(followed.map((values) => shows(values, "70.00")));
console.log("restart");
await line();
await urql.mutation(RECORD, { input: attempt("d", "100") }).toPromise();
const after = await Promise.all(followed.map((values) => shows(values, "80.00")));
after.forEach((version, at) => assert.ok(version > before[at]));
console.log("done");
process.exit(0);
