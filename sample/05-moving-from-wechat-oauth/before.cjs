// Before, for reading only: an application as the README of wechat-oauth says to write it. Nothing here is started, and its packages are not installed.
// oxlint-disable no-var
'use strict';

var OAuth = require('wechat-oauth');
var express = require('express');
var mysql = require('mysql');

var db = mysql.createConnection(process.env.MYSQL_URL);

var client = new OAuth(
  'your appid',
  'your secret',
  function (openid, callback) {
    var sql = 'SELECT * FROM token WHERE openid = ?';
    db.query(sql, [openid], function (err, result) {
      if (err) {
        return callback(err);
      }
      return callback(null, result[0]);
    });
  },
  function (openid, token, callback) {
    var sql =
      'REPLACE INTO token(access_token, expires_in, refresh_token, openid, scope, create_at) VALUES(?, ?, ?, ?, ?, ?)';
    var fields = [
      token.access_token,
      token.expires_in,
      token.refresh_token,
      token.openid,
      token.scope,
      token.create_at,
    ];
    db.query(sql, fields, function (err) {
      return callback(err);
    });
  },
);

var app = express();

// One address that sends people to WeChat, one that they come back to, and in between everything that is left to the application: a state that
// somebody checks, a session that remembers who came back, the page they wanted.
app.get('/login', function (req, res) {
  res.redirect(client.getAuthorizeURL('https://shop.example.com/callback', 'state', 'snsapi_userinfo'));
});

app.get('/callback', function (req, res, next) {
  client.getAccessToken(req.query.code, function (err, result) {
    if (err) {
      return next(err);
    }
    return client.getUser(result.data.openid, function (error, user) {
      if (error) {
        return next(error);
      }
      return res.json(user);
    });
  });
});

app.listen(3000);
