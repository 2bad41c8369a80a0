// Talks to the API on the other origin, and sends people to sign in when it says so.
import { API } from './config.js';

const TRIED = 'sign-in-tried';

/** @param body makes it a POST */
export async function api(path, body) {
  const response = await fetch(API + path, {
    // Without this the browser neither sends nor keeps cookies of another origin.
    credentials: 'include',
    ...(body && {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const answer = response.status === 204 ? undefined : await response.json();
  if (response.ok) return answer;
  if (response.status === 401 && answer.loginUrl && !sessionStorage.getItem(TRIED)) {
    return signIn(answer.loginUrl);
  }
  throw Object.assign(new Error(answer.message), answer);
}

/** Leaves for WeChat and comes back to exactly this address: path, query and hash. */
export function signIn(loginUrl = `${API}/wechat/login`) {
  // Once by itself. Should we come back as strangers all the same, going again would never end.
  sessionStorage.setItem(TRIED, 'yes');
  const url = new URL(loginUrl);
  url.searchParams.set('returnTo', location.href);
  location.assign(url);
  // The page is on its way out: whoever waits for an answer waits for the next page.
  return new Promise(() => {});
}

export async function whoAmI() {
  const { user } = await api('/wechat/me');
  if (user) sessionStorage.removeItem(TRIED);
  return user;
}

export async function signOut() {
  await api('/wechat/logout', {});
}
