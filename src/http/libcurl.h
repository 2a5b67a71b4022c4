// libcurl, loaded with the first request. Include it in place of <curl/curl.h>.
#pragma once

#include <curl/curl.h>

#include "base/lazy_library.h"

namespace latecomer::http {

inline constinit LazyLibrary libcurl("libcurl.so.4");

#define LATECOMER_CURL(name)                              \
  inline constinit LazyFunction<decltype(&::name)> name { \
    libcurl, #name                                        \
  }
LATECOMER_CURL(curl_easy_cleanup);
LATECOMER_CURL(curl_easy_getinfo);
LATECOMER_CURL(curl_easy_init);
LATECOMER_CURL(curl_easy_perform);
LATECOMER_CURL(curl_easy_reset);
LATECOMER_CURL(curl_easy_setopt);
LATECOMER_CURL(curl_easy_strerror);
LATECOMER_CURL(curl_global_init);
LATECOMER_CURL(curl_multi_add_handle);
LATECOMER_CURL(curl_multi_cleanup);
LATECOMER_CURL(curl_multi_info_read);
LATECOMER_CURL(curl_multi_init);
LATECOMER_CURL(curl_multi_perform);
LATECOMER_CURL(curl_multi_poll);
LATECOMER_CURL(curl_multi_remove_handle);
LATECOMER_CURL(curl_share_cleanup);
LATECOMER_CURL(curl_share_init);
LATECOMER_CURL(curl_share_setopt);
LATECOMER_CURL(curl_slist_append);
LATECOMER_CURL(curl_slist_free_all);
#undef LATECOMER_CURL

}  // namespace latecomer::http
