// The page whose routes stand behind the #: /hash#/teas/longjing?cups=2
import { start } from './app.js';

start({
  current: () => location.hash.slice(1) || '/',
  address: (route) => `#${route}`,
  go: (route) => (location.hash = route),
  listen: (show) => addEventListener('hashchange', show),
});
