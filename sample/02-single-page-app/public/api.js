// Talks to the API on the other origin. Who has to sign in is sent there by the client.
import { API } from './config.js';
// With a bundler: from 'nestjs-wechat-oauth/client'.
import { createBrowserClient } from './wechat-client.js';

const client = createBrowserClient({ baseUrl: API });

/** @param body makes it a POST */
export async function api(path, body) {
  const response = await client.fetch(
    path,
    body && {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    },
  );
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.message), answer);
}

/** Leaves for WeChat and comes back to exactly this address: path, query and hash. */
export const signIn = () => client.login();

export async function whoAmI() {
  const { user } = await client.me();
  return user;
}

export const signOut = () => client.logout();
