// The page whose routes are paths: /teas/longjing?cups=2#notes
import { start } from './app.js';

start({
  current: () => location.pathname + location.search + location.hash,
  address: (route) => route,
  listen(show) {
    this.go = (route) => {
      history.pushState(null, '', route);
      show();
    };
    addEventListener('popstate', show);
    document.addEventListener('click', (event) => {
      const link = event.target.closest('a[data-route]');
      // A click that opens another tab or window stays one.
      if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.go(link.href);
    });
  },
});
