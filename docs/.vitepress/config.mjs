// The site: the same files as in the repository, README as the first page, both languages, a search
// that finds Chinese words. `npm run docs` builds it into .vitepress/dist.
import { defineConfig } from 'vitepress';
import { siteLinks, slugify } from './links.mjs';

/** Pages by group, in the order in which they are needed. */
const GROUPS = [
  ['Set up', '入门', ['how-it-works', 'wechat-console', 'development', 'configuration']],
  ['Sign in', '登录', ['guard', 'spa', 'qr-login', 'scan', 'mini-program-and-app', 'graphql-websocket']],
  ["WeChat's API", '微信接口', ['service', 'app-token', 'js-sdk', 'push']],
  ['People', '用户', ['users', 'linking', 'jwt', 'sessions', 'privacy']],
  ['Stores', '存储', ['stores', 'store-contract', 'own-store', 'own-store-sql']],
  ['In production', '上线', ['testing', 'deployment', 'errors', 'performance']],
  ['Versions', '版本', ['migrating-from-wechat-oauth', 'upgrading', 'ARCHITECTURE']],
];

const TITLES = {
  'how-it-works': ['How it works', '登录过程'],
  'wechat-console': ["WeChat's consoles", '微信后台'],
  development: ['Development', '开发调试'],
  configuration: ['Configuration', '配置'],
  guard: ['Guard', '守卫'],
  spa: ['Single-page applications', '单页应用'],
  'qr-login': ['QR code in the page', '页面内嵌二维码'],
  scan: ['Scan to follow', '扫码关注登录'],
  'mini-program-and-app': ['Mini programs and apps', '小程序与 App'],
  'js-sdk': ['JS-SDK', 'JS-SDK'],
  'graphql-websocket': ['GraphQL and WebSocket', 'GraphQL 与 WebSocket'],
  service: ['The service', '服务'],
  'app-token': ["The app's own token", '应用自己的凭证'],
  push: ['Message push', '消息推送'],
  users: ['Users', '用户'],
  linking: ['One person, several apps', '同一个人，多个应用'],
  jwt: ['Your own JWT', '自己的 JWT'],
  sessions: ['Sessions', '会话'],
  privacy: ['Privacy', '隐私'],
  stores: ['Stores', '存储'],
  'store-contract': ['What stores guarantee', '各存储的保证'],
  'own-store': ['A store of your own', '自己写存储'],
  'own-store-sql': ['In SQL', '用 SQL 写'],
  testing: ['Testing', '测试'],
  deployment: ['Deployment', '部署'],
  errors: ['Errors', '常见错误'],
  performance: ['Performance', '性能'],
  'migrating-from-wechat-oauth': ['From wechat-oauth', '从 wechat-oauth 迁移'],
  upgrading: ['Upgrading', '升级'],
  ARCHITECTURE: ['How the code is laid out', '代码结构'],
};

const sidebar = (zh) =>
  GROUPS.map(([english, chinese, names]) => ({
    text: zh ? chinese : english,
    items: names.map((name) => ({ text: TITLES[name][zh ? 1 : 0], link: `${zh ? '/zh' : ''}/${name}` })),
  }));

export default defineConfig({
  title: 'nestjs-wechat-oauth',
  srcDir: '.vitepress/pages',
  base: process.env.DOCS_BASE ?? '/',
  cleanUrls: true,
  lastUpdated: false,
  // Of the reader's own machine.
  ignoreDeadLinks: 'localhostLinks',
  markdown: {
    anchor: { slugify },
    toc: { slugify },
    config: (md) => siteLinks(md),
  },
  locales: {
    root: { label: 'English', lang: 'en', themeConfig: { sidebar: sidebar(false) } },
    zh: {
      label: '简体中文',
      lang: 'zh-CN',
      themeConfig: {
        sidebar: sidebar(true),
        outline: { label: '本页内容' },
        docFooter: { prev: '上一页', next: '下一页' },
        sidebarMenuLabel: '目录',
        returnToTopLabel: '回到顶部',
        darkModeSwitchLabel: '外观',
        langMenuLabel: '语言',
      },
    },
  },
  themeConfig: {
    socialLinks: [{ icon: 'github', link: 'https://github.com/OWNER/nestjs-wechat-oauth' }],
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          options: {
            // Chinese has no blanks between its words.
            tokenize: (text) =>
              [...new Intl.Segmenter('zh', { granularity: 'word' }).segment(text)]
                .filter(({ isWordLike }) => isWordLike)
                .map(({ segment }) => segment),
          },
        },
        locales: {
          zh: {
            translations: {
              button: { buttonText: '搜索', buttonAriaLabel: '搜索' },
              modal: {
                noResultsText: '没有找到',
                resetButtonTitle: '清空',
                footer: { selectText: '打开', navigateText: '切换', closeText: '关闭' },
              },
            },
          },
        },
      },
    },
  },
});
