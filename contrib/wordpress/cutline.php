<?php
/**
 * Plugin Name: cutline
 * Description: Tells cutline when a post is published, changed or taken down.
 * Version: 1.0.0
 * Requires at least: 6.0
 * Requires PHP: 7.4
 * License: Apache-2.0
 *
 * Sent is what the REST API shows, embedded, at the end of the request: by then photo, categories and tags of this save are stored.
 * The editor's answer goes out first where the server can (PHP-FPM, LiteSpeed).
 */

defined( 'ABSPATH' ) || exit;

final class Cutline {
	/** @var array<int, array{0: string, 1: string, 2: ?array}> post id => old status, new status, representation of a deleted post */
	private static $changed = array();

	public static function start() {
		add_action( 'transition_post_status', array( __CLASS__, 'transition' ), 10, 3 );
		add_action( 'before_delete_post', array( __CLASS__, 'deleted' ), 10, 1 );
		add_action( 'set_object_terms', array( __CLASS__, 'terms' ), 10, 1 );
		add_action( 'attachment_updated', array( __CLASS__, 'attachment' ), 10, 1 );
		add_action( 'shutdown', array( __CLASS__, 'send' ), 100 );
		add_action( 'admin_init', array( __CLASS__, 'settings' ) );
		add_action( 'admin_menu', array( __CLASS__, 'menu' ) );
	}

	private static function wanted( $post ) {
		return $post && in_array( $post->post_type, apply_filters( 'cutline_post_types', array( 'post' ) ), true );
	}

	public static function transition( $new, $old, $post ) {
		if ( ! self::wanted( $post ) || ( 'publish' !== $new && 'publish' !== $old ) ) {
			return; // drafts are nobody's business
		}
		$first                         = isset( self::$changed[ $post->ID ] ) ? self::$changed[ $post->ID ][0] : $old;
		self::$changed[ $post->ID ] = array( $first, $new, null );
	}

	public static function deleted( $id ) {
		$post = get_post( $id );
		if ( self::wanted( $post ) && in_array( $post->post_status, array( 'publish', 'trash' ), true ) ) {
			self::$changed[ $id ] = array( $post->post_status, 'deleted', array( 'id' => (int) $id, 'type' => $post->post_type, 'status' => $post->post_status ) );
		}
	}

	/** A tag or category was changed without a save of the post. */
	public static function terms( $id ) {
		$post = get_post( $id );
		if ( self::wanted( $post ) && 'publish' === $post->post_status && ! isset( self::$changed[ $id ] ) ) {
			self::$changed[ $id ] = array( 'publish', 'publish', null );
		}
	}

	/** A caption, and with it a credit, was corrected in the media library: the posts that show the picture say so again. */
	public static function attachment( $id ) {
		$posts = get_posts( array( 'post_type' => apply_filters( 'cutline_post_types', array( 'post' ) ), 'post_status' => 'publish', 'meta_key' => '_thumbnail_id', 'meta_value' => (int) $id, 'numberposts' => 20, 'fields' => 'ids' ) );
		foreach ( $posts as $post ) {
			if ( ! isset( self::$changed[ $post ] ) ) {
				self::$changed[ $post ] = array( 'publish', 'publish', null );
			}
		}
	}

	public static function send() {
		$url = get_option( 'cutline_url' );
		$key = get_option( 'cutline_secret' );
		if ( ! self::$changed || ! $url || ! $key ) {
			return;
		}
		if ( function_exists( 'fastcgi_finish_request' ) ) {
			fastcgi_finish_request();
		} elseif ( function_exists( 'litespeed_finish_request' ) ) {
			litespeed_finish_request();
		}
		foreach ( self::$changed as $id => $change ) {
			list( $old, $new, $post ) = $change;
			if ( null === $post ) {
				$post = self::representation( $id );
			}
			if ( null === $post ) {
				continue;
			}
			$event = 'deleted' === $new ? 'post_deleted' : ( 'publish' === $new ? ( 'publish' === $old ? 'post_updated' : 'post_published' ) : ( 'trash' === $new ? 'post_trashed' : 'post_unpublished' ) );
			$body  = wp_json_encode( array( 'event' => $event, 'old_status' => $old, 'new_status' => 'deleted' === $new ? '' : $new, 'post' => $post ) );
			$args  = array(
				'timeout'     => 10,
				'redirection' => 0,
				'headers'     => array(
					'Content-Type'   => 'application/json',
					'X-WP-Event'     => $event,
					'X-WP-Delivery'  => wp_generate_uuid4(),
					'X-WP-Signature' => base64_encode( hash_hmac( 'sha256', $body, $key, true ) ),
				),
				'body'        => $body,
			);
			$answer = wp_remote_post( $url, $args );
			$code   = is_wp_error( $answer ) ? 0 : (int) wp_remote_retrieve_response_code( $answer );
			if ( 0 === $code || 429 === $code || $code >= 500 ) {
				$answer = wp_remote_post( $url, $args ); // once more; what is lost then is found by the pull
				$code   = is_wp_error( $answer ) ? 0 : (int) wp_remote_retrieve_response_code( $answer );
			}
			update_option( 'cutline_last', array( 'time' => gmdate( 'c' ), 'event' => $event, 'post' => $id, 'code' => $code, 'answer' => is_wp_error( $answer ) ? $answer->get_error_message() : substr( wp_remote_retrieve_body( $answer ), 0, 500 ) ), false );
		}
		self::$changed = array();
	}

	/** What the REST API shows of a post to everybody, with author, photo and terms embedded. */
	private static function representation( $id ) {
		$post = get_post( $id );
		if ( ! $post ) {
			return null;
		}
		if ( 'publish' !== $post->post_status ) {
			return array( 'id' => (int) $id, 'type' => $post->post_type, 'status' => $post->post_status, 'modified_gmt' => mysql_to_rfc3339( $post->post_modified_gmt ) );
		}
		$type    = get_post_type_object( $post->post_type );
		$route   = rest_get_route_for_post( $post );
		$request = new WP_REST_Request( 'GET', $route ? $route : '/wp/v2/' . ( $type->rest_base ? $type->rest_base : $type->name ) . '/' . $id );
		$who     = get_current_user_id();
		wp_set_current_user( 0 ); // as a reader sees it
		$answer = rest_do_request( $request );
		$data   = $answer->is_error() ? null : rest_get_server()->response_to_data( $answer, true );
		wp_set_current_user( $who );
		return $data;
	}

	public static function settings() {
		register_setting( 'cutline', 'cutline_url', array( 'type' => 'string', 'sanitize_callback' => 'esc_url_raw' ) );
		register_setting( 'cutline', 'cutline_secret', array( 'type' => 'string', 'sanitize_callback' => 'trim' ) );
	}

	public static function menu() {
		add_options_page( 'cutline', 'cutline', 'manage_options', 'cutline', array( __CLASS__, 'page' ) );
	}

	public static function page() {
		$last = get_option( 'cutline_last' );
		?>
		<div class="wrap"><h1>cutline</h1>
		<form method="post" action="options.php"><?php settings_fields( 'cutline' ); ?>
		<table class="form-table"><tr><th><label for="cutline_url">Address</label></th>
		<td><input class="regular-text" type="url" id="cutline_url" name="cutline_url" value="<?php echo esc_attr( get_option( 'cutline_url' ) ); ?>" placeholder="https://cards.news.example/hooks/wordpress"></td></tr>
		<tr><th><label for="cutline_secret">Secret</label></th>
		<td><input class="regular-text" type="password" autocomplete="off" id="cutline_secret" name="cutline_secret" value="<?php echo esc_attr( get_option( 'cutline_secret' ) ); ?>"></td></tr></table>
		<?php submit_button(); ?></form>
		<?php if ( $last ) : ?>
			<h2>Last delivery</h2><p><?php echo esc_html( sprintf( '%s, %s of post %d: %d %s', $last['time'], $last['event'], $last['post'], $last['code'], $last['answer'] ) ); ?></p>
		<?php endif; ?></div>
		<?php
	}
}

Cutline::start();
